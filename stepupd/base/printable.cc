// SPDX-License-Identifier: ISC
#include "stepupd/base/printable.h"

#include <algorithm>

namespace stepup {

std::string printable(std::string_view text, std::size_t limit) {
  constexpr std::string_view kCut = "...";
  constexpr char kHex[] = "0123456789abcdef";
  limit = std::max<std::size_t>(limit, kCut.size() + 1);
  std::string out;
  std::size_t whole = 0;  // length of the longest prefix that still leaves room for kCut
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7f && c != '\\';
    if (plain) {
      out.push_back(c);
    } else if (c == '\\') {
      out.append("\\\\");
    } else {
      out.append({'\\', 'x', kHex[byte >> 4], kHex[byte & 15]});
    }
    if (out.size() > limit) {
      out.resize(whole);
      return out.append(kCut);
    }
    if (out.size() + kCut.size() <= limit) whole = out.size();
  }
  return out;
}

}  // namespace stepup
