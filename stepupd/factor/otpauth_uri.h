// SPDX-License-Identifier: ISC
// How the key of TOTP or HOTP reaches an authenticator app.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "stepupd/base/secret_bytes.h"
#include "stepupd/factor/totp.h"

namespace stepup::factor {

// Base 32 of RFC 4648 section 6, without padding: "KVZSAZTPOIQA".
[[nodiscard]] SecretBytes base32(std::span<const std::uint8_t> bytes);

// otpauth://totp/HOST:USER?secret=...&issuer=HOST&algorithm=...&digits=...&period=... (Key Uri
// Format of Google Authenticator).  Whatever is not unreserved in RFC 3986 is percent-encoded, so
// that no host or user name adds a parameter.
[[nodiscard]] SecretBytes otpauth_uri(const TotpParameters& parameters, const SecretBytes& key,
                                      std::string_view host, std::string_view user);

// The same for HOTP: otpauth://hotp/..., with counter=0 in place of the period.
[[nodiscard]] SecretBytes otpauth_hotp_uri(const TotpParameters& parameters, const SecretBytes& key,
                                           std::string_view host, std::string_view user);

}  // namespace stepup::factor
