// SPDX-License-Identifier: ISC
// Judges a credential that a security key has just made.  No I/O: the helper has talked to the key.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/factor/fido2_assertion.h"

namespace stepup::factor {

// Names the model of an authenticator, as its maker chose; all zeros for U2F.
using Aaguid = std::array<std::uint8_t, 16>;

// As a UUID: "2fc0579f-8113-47ea-b116-bb5a8db9202a".
[[nodiscard]] std::string to_string(const Aaguid& aaguid);

// What vouches for the model.  The numbers are stored.
enum class AttestationKind : std::uint8_t {
  None = 1,     // nothing
  Self,         // the new key itself, so that it is known to exist
  Certificate,  // a key with a certificate, whose issuer was not looked at
  U2f,          // the same in the form of U2F
};

// What the helper brought.
struct NewCredentialEvidence {
  CoseAlgorithm algorithm = CoseAlgorithm::Es256;
  std::span<const std::uint8_t> auth_data;
  std::string_view format;                    // of the attestation: "packed", "fido-u2f", "none"
  std::span<const std::uint8_t> attestation;  // its statement, in CBOR
};

struct NewCredentialVerdict {
  CeremonyOutcome outcome = CeremonyOutcome::Malformed;
  // The rest is filled in when Good.
  Fido2Credential credential = {};
  Aaguid aaguid{};
  AuthenticatorFlags flags = {};
  AttestationKind attestation = AttestationKind::None;
};

// Input is untrusted: `evidence` is from the helper, which a USB device may have taken over.  Good
// means that the credential is well formed, for this relying party, of the algorithm that was asked
// for and made with its user present, and verified where `demand` says so; and that, unless the
// attestation is None, it was made for this very challenge.  Fails with Internal when memory is
// short.
[[nodiscard]] Result<NewCredentialVerdict> judge_new_credential(
    const CeremonyDemand& demand, const NewCredentialEvidence& evidence);

}  // namespace stepup::factor
