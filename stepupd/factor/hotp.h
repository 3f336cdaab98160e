// SPDX-License-Identifier: ISC
// HOTP (RFC 4226), the core of TOTP.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "stepupd/base/result.h"

namespace stepup::factor {

enum class HashAlgorithm : std::uint8_t { Sha1 = 1, Sha256, Sha512 };

inline constexpr int kMinDigits = 6;
inline constexpr int kMaxDigits = 8;

// The length of a new key: that of the hash, as RFC 4226 section 4 R6 and RFC 6238 section 5.1
// want.
constexpr std::size_t key_size_of(HashAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case HashAlgorithm::Sha1: return 20;
    case HashAlgorithm::Sha256: return 32;
    case HashAlgorithm::Sha512: return 64;
  }
  return 64;
}

// One code: the first `digits` of `text`, in ASCII, padded with zeros on the left.
struct HotpCode {
  std::array<std::uint8_t, kMaxDigits> text{};
  int digits = 0;
  [[nodiscard]] std::span<const std::uint8_t> view() const noexcept {
    return std::span(text).first(static_cast<std::size_t>(digits));
  }
};

// HOTP(key, counter) of RFC 4226 section 5.3, with the hash of RFC 6238 section 1.2.  Fails with
// Malformed for other than 6 to 8 digits or an empty key, Internal when OpenSSL does.
[[nodiscard]] Result<HotpCode> hotp(HashAlgorithm algorithm, std::span<const std::uint8_t> key,
                                    std::uint64_t counter, int digits);

}  // namespace stepup::factor
