// SPDX-License-Identifier: ISC
// Credentials that are shown to a person and not proved yet.  Only in memory: if the dialogue ends,
// they never were.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/throttle.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/factor/totp.h"

namespace stepup::daemon {

struct PendingAuthenticator {
  FactorKind factor = FactorKind::Totp;
  std::string label;
  std::string replace_label;
  factor::TotpParameters parameters;
  SecretBytes key;          // as the store keeps it: of a YubiKey, private id and AES key
  SecretBytes otpauth_uri;  // of TOTP and HOTP
  std::string public_id;    // of a YubiKey; empty until its first code tells it
  std::string rp_id;        // of a security key; empty: the host's
  std::optional<store::Fido2Key> fido2;             // of a security key, once it has made one
  std::optional<store::SshSkKey> ssh_sk;            // of a security key behind an ssh agent
  std::vector<std::vector<std::uint8_t>> excluded;  // credential ids that its key must not hold
  std::optional<std::uint64_t> proved_step;         // of the code typed back, which is used by then
};

// Recovery codes shown, but not yet typed back.
struct PendingRecoveryCodes {
  std::vector<SecretBytes> codes;
  std::vector<factor::RecoveryHash> hashes;
  SecretBytes text;  // one a line
};

// Makes the secret of an authenticator for `user` on `host`, and what carries it there.  A YubiKey
// gets a new public id, too.  Fails with Internal.
[[nodiscard]] Result<PendingAuthenticator> make_authenticator(FactorKind factor,
                                                              factor::TotpParameters parameters,
                                                              std::string_view host,
                                                              std::string_view user);

// Makes `pending` a YubiKey that keeps the secret it holds already.
void keep_yubikey_secret(PendingAuthenticator& pending, const SecretBytes& private_id,
                         const SecretBytes& aes_key);

enum class Proof : std::uint8_t { Good, Wrong, OtherLayout };

// Input is untrusted: what a person typed.  Whether `code` is one of the authenticator's now; then
// sets proved_step.
[[nodiscard]] Proof prove_authenticator(PendingAuthenticator& pending, const SecretBytes& code,
                                        const Now& now);

// Makes and hashes ten recovery codes: about half a second at the default cost.  Nothing is stored.
[[nodiscard]] Result<PendingRecoveryCodes> prepare_recovery_codes(factor::ScryptCost cost = {});

// Input is untrusted: what a person typed.  Whether `typed` is one of the pending codes (it stays
// unused).
[[nodiscard]] bool prove_recovery_code(const PendingRecoveryCodes& pending,
                                       const SecretBytes& typed);

}  // namespace stepup::daemon
