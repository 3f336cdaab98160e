// SPDX-License-Identifier: ISC
#include "stepupd/factor/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "stepupd/factor/bytes_of.h"

namespace stepup::factor {

Result<Sha256Digest> sha256(std::span<const std::uint8_t> bytes) {
  Sha256Digest digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    return failure(Errc::Internal, "SHA-256");
  }
  return digest;
}

Result<std::string> sha256_hex(std::string_view text) {
  const auto digest = sha256(bytes_of(text));
  if (!digest) return std::unexpected(digest.error());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : *digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

Result<Sha256Digest> hmac_sha256(std::span<const std::uint8_t> key, std::string_view text) {
  Sha256Digest mac;
  const auto bytes = bytes_of(text);
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(),
           mac.data(), nullptr) == nullptr) {
    return failure(Errc::Internal, "HMAC-SHA-256");
  }
  return mac;
}

bool equal_in_constant_time(std::span<const std::uint8_t> a,
                            std::span<const std::uint8_t> b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace stepup::factor
