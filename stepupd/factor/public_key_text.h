// SPDX-License-Identifier: ISC
// Public keys of security keys as an administrator writes them down.
#pragma once

#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/factor/cose_key.h"

namespace stepup::factor {

// Input is untrusted: what somebody pasted.  Takes a SubjectPublicKeyInfo (RFC 5280, as
// fido2-cred(1) and openssl(1) write it) in PEM or in base 64 alone, or a COSE_Key (RFC 9052, as
// WebAuthn servers store it) in base 64.  Fails with Malformed for any other text, and for a key of
// another kind than those of CoseAlgorithm, whose size and curve it must have.
[[nodiscard]] Result<Fido2PublicKey> read_public_key(std::string_view text);

}  // namespace stepup::factor
