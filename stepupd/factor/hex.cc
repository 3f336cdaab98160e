// SPDX-License-Identifier: ISC
#include "stepupd/factor/hex.h"

namespace stepup::factor {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

SecretBytes hex(std::span<const std::uint8_t> bytes) {
  SecretBytes text(bytes.size() * 2);
  auto to = text.bytes().begin();
  for (const std::uint8_t byte : bytes) {
    *to++ = static_cast<std::uint8_t>(kDigits[byte >> 4]);
    *to++ = static_cast<std::uint8_t>(kDigits[byte & 0xfU]);
  }
  return text;
}

std::optional<SecretBytes> read_hex(std::string_view typed, std::size_t size) {
  SecretBytes bytes(size);
  std::size_t used = 0;
  for (char sign : typed) {
    if (sign == ' ') continue;
    if (sign >= 'A' && sign <= 'F') sign = static_cast<char>(sign - 'A' + 'a');
    const std::size_t digit = kDigits.find(sign);
    if (digit == std::string_view::npos || used == size * 2) return {};
    std::uint8_t& byte = bytes.bytes()[used++ / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
  }
  if (used != size * 2) return {};
  return bytes;
}

}  // namespace stepup::factor
