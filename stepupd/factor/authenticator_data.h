// SPDX-License-Identifier: ISC
// Authenticator data (WebAuthn section 6.1), which a security key makes and signs, and what it must
// say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/factor/digest.h"

namespace stepup::factor {

struct AuthenticatorFlags {
  bool up = false;  // user presence: touched
  bool uv = false;  // user verification: PIN or biometry
  bool be = false;  // backup eligible: the key pair can leave the authenticator
  bool bs = false;  // backup state: it has left it
  bool operator==(const AuthenticatorFlags&) const = default;
};

struct AuthenticatorData {
  Sha256Digest rp_id_hash{};
  AuthenticatorFlags flags;
  std::uint32_t sign_count = 0;
  std::span<const std::uint8_t> attested;  // attested credential data; empty in an assertion
};

// Input is untrusted: from the helper, and so from a USB device.  Nothing when it is shorter or
// longer than its flags say, tells of extensions (none was asked for), or is backed up without
// being eligible (section 6.1.3).  `attested` lies in `bytes`.
[[nodiscard]] std::optional<AuthenticatorData> read_authenticator_data(
    std::span<const std::uint8_t> bytes) noexcept;

// What a ceremony must bring.
struct CeremonyDemand {
  std::string_view rp_id;
  Sha256Digest client_data_hash{};
  bool uv = false;  // user verification
};

enum class CeremonyOutcome : std::uint8_t {
  Good,
  Malformed,
  OtherCredential,
  OtherRp,
  NoUserPresence,
  NoUserVerification,
  BadSignature,     // of an assertion: of another key, for another challenge, or none at all
  BadAttestation,   // of a format that stepup does not know, or not over this credential
  CounterWentBack,  // of an assertion in which all else is right: perhaps there is a copy of the
                    // authenticator
};

// Whether `data` is for the relying party, with the user present, and verified where `demand` says
// so.  Good means nothing before the signature was verified.  Fails as sha256() does.
[[nodiscard]] Result<CeremonyOutcome> judge_data(const AuthenticatorData& data,
                                                 const CeremonyDemand& demand);

}  // namespace stepup::factor
