// SPDX-License-Identifier: ISC
#include "stepupd/base/printable.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace stepup {
namespace {

// Appends what `shown_length` says may stand at the beginning of a text, and escapes the rest.
template <typename ShownLength>
std::string escaped(std::string_view text, std::size_t limit, ShownLength shown_length) {
  constexpr std::string_view kCut = "...";
  constexpr char kHex[] = "0123456789abcdef";
  limit = std::max<std::size_t>(limit, kCut.size() + 1);
  std::string out;
  std::size_t whole = 0;  // length of the longest prefix that still leaves room for kCut
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = shown_length(text);
    if (text.front() == '\\') {
      out.append("\\\\");
    } else if (length != 0) {
      out.append(text.substr(0, length));
    } else {
      out.append({'\\', 'x', kHex[byte >> 4], kHex[byte & 15]});
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
    if (out.size() > limit) {
      out.resize(whole);
      return out.append(kCut);
    }
    if (out.size() + kCut.size() <= limit) whole = out.size();
  }
  return out;
}

std::size_t ascii_length(std::string_view text) {
  return text.front() >= 0x20 && text.front() < 0x7f ? 1 : 0;
}

// Of code points past ASCII.
bool shows(std::uint32_t code_point) {
  static constexpr std::pair<std::uint32_t, std::uint32_t> kHidden[] = {
      {0x80,   0x9f  }, // C1
      {0xad,   0xad  }, // soft hyphen
      {0x34f,  0x34f },
      {0x61c,  0x61c }, // Arabic letter mark
      {0x115f, 0x1160}, // Hangul fillers
      {0x17b4, 0x17b5},
      {0x180b, 0x180f},
      {0x200b, 0x200f}, // invisible, and marks of direction
      {0x2028, 0x202e}, // separators of lines, embeddings and overrides of direction
      {0x2060, 0x206f}, // isolates of direction
      {0x3164, 0x3164},
      {0xe000, 0xf8ff}, // private
      {0xfe00, 0xfe0f}, // variants
      {0xfeff, 0xfeff},
      {0xffa0, 0xffa0},
      {0xfff0, 0xffff},
  };
  constexpr std::uint32_t kPlane = 0x10000;
  if (code_point >= 4 * kPlane) return false;
  return std::ranges::none_of(kHidden, [&](const auto& range) {
    return code_point >= range.first && code_point <= range.second;
  });
}

std::size_t readable_length(std::string_view text) {
  const std::size_t length = utf8_length(text);
  if (length < 2) return ascii_length(text);
  auto code_point = static_cast<std::uint32_t>(static_cast<std::uint8_t>(text[0]));
  code_point &= 0xffU >> (length + 1);
  for (std::size_t i = 1; i < length; ++i) {
    code_point = code_point << 6 | (static_cast<std::uint8_t>(text[i]) & 0x3fU);
  }
  return shows(code_point) ? length : 0;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc2   ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // The second byte also rules out overlong forms, surrogates and what is past U+10FFFF.
  const std::uint8_t second = byte(1);
  const bool outside = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return outside ? 0 : length;
}

std::string printable(std::string_view text, std::size_t limit) {
  return escaped(text, limit, ascii_length);
}

std::string readable(std::string_view text, std::size_t limit) {
  return escaped(text, limit, readable_length);
}

}  // namespace stepup
