// SPDX-License-Identifier: ISC
#include "stepupd/factor/readable_code.h"

#include <algorithm>

#include "stepupd/factor/random.h"

namespace stepup::factor {
namespace {

// The alphabet's character that `typed` stands for, or 0.
char canonical(char typed) noexcept {
  if (typed >= 'A' && typed <= 'Z') typed = static_cast<char>(typed - 'A' + 'a');
  if (typed == 'o') typed = '0';
  if (typed == 'i' || typed == 'l') typed = '1';
  return kReadableAlphabet.contains(typed) ? typed : '\0';
}

}  // namespace

Result<SecretBytes> random_readable(std::size_t size) {
  auto code = random_bytes(size);
  if (!code) return code;
  for (std::uint8_t& byte : code->bytes()) {
    byte = static_cast<std::uint8_t>(kReadableAlphabet[byte & 31U]);  // 256 is a multiple of 32
  }
  return code;
}

SecretBytes grouped(const SecretBytes& code, std::initializer_list<std::size_t> groups) {
  SecretBytes text(code.size() + groups.size() - 1);
  auto from = code.view().begin();
  auto to = text.bytes().begin();
  for (const std::size_t size : groups) {
    if (to != text.bytes().begin()) *to++ = '-';
    to = std::copy_n(from, size, to);
    from += static_cast<std::ptrdiff_t>(size);
  }
  return text;
}

std::optional<SecretBytes> read_readable(std::string_view typed, std::size_t size) {
  SecretBytes code(size);
  std::size_t used = 0;
  for (const char sign : typed) {
    if (sign == ' ' || sign == '-') continue;
    const char known = canonical(sign);
    if (known == '\0' || used == size) return {};
    code.bytes()[used++] = static_cast<std::uint8_t>(known);
  }
  if (used != size) return {};
  return code;
}

}  // namespace stepup::factor
