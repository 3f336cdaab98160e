// SPDX-License-Identifier: ISC
// Judges what a security key answers to a challenge.  No I/O: the helper has talked to the key.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/factor/authenticator_data.h"
#include "stepupd/factor/cose_key.h"

namespace stepup::factor {

// What is kept of a credential since its enrolment.
struct Fido2Credential {
  std::vector<std::uint8_t> id;
  Fido2PublicKey public_key;
  std::uint32_t sign_count = 0;  // as of the last assertion
};

// What the helper brought.
struct AssertionEvidence {
  std::span<const std::uint8_t> credential_id;
  std::span<const std::uint8_t> auth_data;
  std::span<const std::uint8_t> signature;
};

struct AssertionVerdict {
  CeremonyOutcome outcome = CeremonyOutcome::Malformed;
  // What was signed: filled in when Good or CounterWentBack.
  AuthenticatorFlags flags = {};
  std::uint32_t sign_count = 0;
};

// The counter of an authenticator goes up with each assertion; one that has none says 0 for ever.
[[nodiscard]] constexpr bool counter_advances(std::uint32_t before, std::uint32_t now) noexcept {
  return now > before || (now == 0 && before == 0);
}

// Input is untrusted: `evidence` is from the helper, which a USB device may have taken over.  Good
// means that the authenticator of `enrolled` signed this very challenge for this relying party with
// its user present, and verified where `demand` says so; and it means nothing until the caller has
// made sign_count durable.  Fails with Malformed when the enrolled key cannot be used, Internal
// when memory is short.
[[nodiscard]] Result<AssertionVerdict> judge_assertion(const Fido2Credential& enrolled,
                                                       const CeremonyDemand& demand,
                                                       const AssertionEvidence& evidence);

}  // namespace stepup::factor
