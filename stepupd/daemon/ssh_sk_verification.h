// SPDX-License-Identifier: ISC
// Judges what an ssh agent brought against everything its subject has enrolled.  Runs on the worker
// thread; joins store and factor.
#pragma once

#include <cstdint>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/fido2_verification.h"
#include "stepupd/daemon/throttle.h"
#include "stepupd/factor/digest.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

// What the agent brought, and what it was asked for.
struct SshSkEvidence {
  std::vector<std::uint8_t> key_blob;   // the key that was to sign
  factor::Sha256Digest message_hash{};  // our own challenge
  std::vector<std::uint8_t> signature;
  bool uv_demanded = false;
};

// Input is untrusted: whatever an agent could send.  Good is returned only after the new counter is
// durable.  Fails as verify_touch() does.
[[nodiscard]] Result<TouchJudgement> verify_ssh_touch(store::Store& store, const Subject& subject,
                                                      const SshSkEvidence& evidence,
                                                      const Now& now);

}  // namespace stepup::daemon
