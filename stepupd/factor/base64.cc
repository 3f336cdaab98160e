// SPDX-License-Identifier: ISC
#include "stepupd/factor/base64.h"

#include <openssl/evp.h>

#include <cstddef>
#include <string>

#include "stepupd/factor/bytes_of.h"

namespace stepup::factor {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The signs alone, in the alphabet of section 4.  Nothing when there is any other.
std::optional<std::string> signs_of(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string signs;
  for (const char sign : text) {
    if (sign == '\n' || sign == '\r' || sign == ' ') continue;
    signs += sign == '-' ? '+' : sign == '_' ? '/' : sign;
    if (!kAlphabet.contains(signs.back())) return {};
  }
  return signs;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> read_base64(std::string_view text) {
  auto signs = signs_of(text);
  if (!signs || signs->empty() || signs->size() % 4 == 1) return {};
  const std::size_t padding = (4 - signs->size() % 4) % 4;
  signs->append(padding, '=');
  std::vector<std::uint8_t> bytes(signs->size() / 4 * 3);
  // SAFETY: writes three bytes for each four signs, those of the padding included.
  if (EVP_DecodeBlock(bytes.data(), bytes_of(*signs).data(), static_cast<int>(signs->size())) < 0) {
    return {};
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace stepup::factor
