// SPDX-License-Identifier: ISC
#include "stepupd/factor/hotp.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace stepup::factor {
namespace {

const EVP_MD* digest_of(HashAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case HashAlgorithm::Sha1: return EVP_sha1();
    case HashAlgorithm::Sha256: return EVP_sha256();
    case HashAlgorithm::Sha512: return EVP_sha512();
  }
  return nullptr;
}

}  // namespace

Result<HotpCode> hotp(HashAlgorithm algorithm, std::span<const std::uint8_t> key,
                      std::uint64_t counter, int digits) {
  const EVP_MD* digest = digest_of(algorithm);
  if (digits < kMinDigits || digits > kMaxDigits || key.empty() || digest == nullptr) {
    return failure(Errc::Malformed, "HOTP parameters");
  }
  std::array<std::uint8_t, 8> message;
  for (std::size_t i = 0; i < message.size(); ++i) {
    message[i] = static_cast<std::uint8_t>(counter >> (56 - 8 * i));
  }
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  if (HMAC(digest, key.data(), static_cast<int>(key.size()), message.data(), message.size(),
           mac.data(), &size) == nullptr) {
    return failure(Errc::Internal, "HMAC");
  }
  // Dynamic truncation; the sign bit is dropped (RFC 4226 section 5.3).  At least 20 bytes: the
  // offset is at most 15.
  const std::size_t at = mac[size - 1] & 0xfU;
  std::uint32_t number = (mac[at] & 0x7fU) << 24 | static_cast<std::uint32_t>(mac[at + 1]) << 16 |
                         static_cast<std::uint32_t>(mac[at + 2]) << 8 | mac[at + 3];
  OPENSSL_cleanse(mac.data(), mac.size());
  HotpCode code;
  code.digits = digits;
  for (int i = digits - 1; i >= 0; --i) {
    code.text[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>('0' + number % 10);
    number /= 10;
  }
  return code;
}

}  // namespace stepup::factor
