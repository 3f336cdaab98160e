// SPDX-License-Identifier: ISC
// SHA-256, for rule-set and command digests, tickets and the names of keys.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "stepupd/base/result.h"

namespace stepup::factor {

using Sha256Digest = std::array<std::uint8_t, 32>;

// SHA-256 of `bytes` (FIPS 180-4).  Fails with Internal when OpenSSL does, out of memory.
[[nodiscard]] Result<Sha256Digest> sha256(std::span<const std::uint8_t> bytes);

// The same of `text`, as 64 lower-case hexadecimal digits.
[[nodiscard]] Result<std::string> sha256_hex(std::string_view text);

// HMAC-SHA-256 (RFC 2104): derives keys and their names.  Fails with Internal.
[[nodiscard]] Result<Sha256Digest> hmac_sha256(std::span<const std::uint8_t> key,
                                               std::string_view text);

// Whether the two are equal, in time that depends on their length alone, so that a guess cannot be
// improved byte by byte.
[[nodiscard]] bool equal_in_constant_time(std::span<const std::uint8_t> a,
                                          std::span<const std::uint8_t> b) noexcept;

}  // namespace stepup::factor
