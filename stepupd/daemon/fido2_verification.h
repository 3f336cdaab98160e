// SPDX-License-Identifier: ISC
// Judges what came of a touch against everything its subject has enrolled.  Runs on the worker
// thread; joins store and factor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/declared_keys.h"
#include "stepupd/daemon/throttle.h"
#include "stepupd/factor/fido2_assertion.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

// What the helper brought, and what it was asked for.
struct TouchEvidence {
  std::string rp_id;
  factor::Sha256Digest client_data_hash{};  // our own challenge
  std::vector<std::uint8_t> credential_id;
  std::vector<std::uint8_t> auth_data;
  std::vector<std::uint8_t> signature;
  bool uv_demanded = false;
};

struct TouchJudgement {
  factor::CeremonyOutcome outcome = factor::CeremonyOutcome::OtherCredential;
  std::int64_t credential_id = 0;  // of the store; 0 for a declared one, and when none was found
  std::string label;               // the same
  Level level = Level::None;       // when Good: by the flags that were signed
};

// Input is untrusted: whatever a captured helper, or a key, could send.  Good is returned only
// after the new sign count is durable.  Fails with Storage when it cannot be recorded, Untrusted
// when the credentials are another name's.
[[nodiscard]] Result<TouchJudgement> verify_touch(store::Store& store, const Subject& subject,
                                                  const TouchEvidence& evidence, const Now& now,
                                                  const DeclaredSource& declared);

// For the journal.
[[nodiscard]] const char* to_string(factor::CeremonyOutcome outcome);

}  // namespace stepup::daemon
