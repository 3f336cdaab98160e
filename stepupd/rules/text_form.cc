// SPDX-License-Identifier: ISC
#include "stepupd/rules/text_form.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stepupd/base/printable.h"

namespace stepup::rules {
namespace {

Problem at(const SourceFile& file, std::size_t offset, const char* what) {
  const std::string_view before = std::string_view(file.text).substr(0, offset);
  const auto line = static_cast<unsigned>(std::ranges::count(before, '\n')) + 1;
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  return {file.path, line, static_cast<unsigned>(offset - line_start) + 1, what};
}

// Length of the comment or string that `text` begins with, 0 when it begins with neither.  A string
// without an end reaches to the end of its line, or of the text when it has three quotes: TOML
// reads no further either.
std::size_t opaque_length(std::string_view text) {
  const char quote = text[0];
  if (quote == '#') return std::min(text.find('\n'), text.size());
  if (quote != '"' && quote != '\'') return 0;
  const bool many_lines = text.size() >= 3 && text[1] == quote && text[2] == quote;
  std::size_t i = many_lines ? 3 : 1;
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (!many_lines) {
      if (text[i] == quote) return i + 1;
      if (text[i] == '\n') return i;
    } else if (text.substr(i).starts_with(text.substr(0, 3))) {
      // Up to two more quotes before the closing three belong to the string.
      std::size_t end = i + 3;
      while (end < std::min(i + 5, text.size()) && text[end] == quote) ++end;
      return end;
    }
  }
  return text.size();
}

// Where the text nests deeper than kMaxNesting; npos when nowhere.
std::size_t find_deep_nesting(std::string_view text) {
  unsigned brackets = 0;
  unsigned dots = 0;  // since the key or value began
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t opaque = opaque_length(text.substr(i)); opaque != 0) {
      i += opaque;
      continue;
    }
    switch (text[i]) {
      case '[':
      case '{': ++brackets, dots = 0; break;
      case ']':
      case '}': brackets -= brackets > 0 ? 1 : 0, dots = 0; break;
      case '.': ++dots; break;
      case ',':
      case '=':
      case '\n': dots = 0; break;
      default: break;
    }
    if (brackets > kMaxNesting || dots > kMaxNesting) return i;
    ++i;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<Problem> find_bad_text(const SourceFile& file) {
  const std::string_view text = file.text;
  if (text.starts_with("\xef\xbb\xbf")) return at(file, 0, "begins with a byte order mark");
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0') return at(file, i, "a NUL byte");
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return at(file, i, "not UTF-8");
    i += length;
  }
  if (const auto deep = find_deep_nesting(text); deep != text.npos) {
    return at(file, deep, "nested too deeply");
  }
  return std::nullopt;
}

}  // namespace stepup::rules
