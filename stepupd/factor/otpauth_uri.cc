// SPDX-License-Identifier: ISC
#include "stepupd/factor/otpauth_uri.h"

#include <algorithm>
#include <initializer_list>
#include <string>

namespace stepup::factor {
namespace {

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char sign : text) {
    const auto byte = static_cast<unsigned char>(sign);
    if (kUnreserved.contains(sign)) {
      encoded += sign;
    } else {
      encoded.append({'%', kHex[byte >> 4], kHex[byte & 0xf]});
    }
  }
  return encoded;
}

std::string_view name_of(HashAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case HashAlgorithm::Sha1: return "SHA1";
    case HashAlgorithm::Sha256: return "SHA256";
    case HashAlgorithm::Sha512: return "SHA512";
  }
  return "";
}

// In one piece of the exact size: a growing string would leave unwiped copies of the key.
SecretBytes joined(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  SecretBytes text(size);
  auto to = text.bytes().begin();
  for (const std::string_view part : parts) to = std::ranges::copy(part, to).out;
  return text;
}

SecretBytes uri_of(std::string_view kind, const TotpParameters& parameters, const SecretBytes& key,
                   std::string_view host, std::string_view user, std::string_view moving_factor) {
  const std::string issuer = percent_encoded(host);
  const SecretBytes secret = base32(key.view());
  return joined({"otpauth://", kind, "/", issuer, ":", percent_encoded(user), "?secret=",
                 secret.text(), "&issuer=", issuer, "&algorithm=", name_of(parameters.algorithm),
                 "&digits=", std::to_string(parameters.digits), moving_factor});
}

}  // namespace

SecretBytes base32(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  SecretBytes text((bytes.size() * 8 + 4) / 5);
  std::size_t used = 0;
  std::uint32_t pending = 0;
  int bits = 0;
  const auto put = [&](std::uint32_t group) {
    text.bytes()[used++] = static_cast<std::uint8_t>(kAlphabet[group & 31U]);
  };
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8 | byte) & 0xfffU;
    for (bits += 8; bits >= 5; bits -= 5) put(pending >> (bits - 5));
  }
  if (bits > 0) put(pending << (5 - bits));
  return text;
}

SecretBytes otpauth_uri(const TotpParameters& parameters, const SecretBytes& key,
                        std::string_view host, std::string_view user) {
  return uri_of("totp", parameters, key, host, user,
                "&period=" + std::to_string(parameters.period.count()));
}

SecretBytes otpauth_hotp_uri(const TotpParameters& parameters, const SecretBytes& key,
                             std::string_view host, std::string_view user) {
  return uri_of("hotp", parameters, key, host, user, "&counter=0");
}

}  // namespace stepup::factor
