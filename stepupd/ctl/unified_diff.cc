// SPDX-License-Identifier: ISC
#include "stepupd/ctl/unified_diff.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stepupd/base/printable.h"

namespace stepup::ctl {
namespace {

constexpr std::size_t kContext = 3;
constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxCompared = std::size_t{1} << 24;  // pairs of lines

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::size_t size = newline == std::string_view::npos ? text.size() : newline + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

struct Edit {
  char mark = ' ';  // ' ', '-' or '+'
  std::string_view line;
};

// The shortest list of edits between what the texts do not begin or end with in common; of texts
// too long to compare, any list.
void edit_middle(const Lines& before, const Lines& after, std::vector<Edit>& out) {
  if (before.size() * after.size() > kMaxCompared) {
    for (const std::string_view line : before) out.push_back({'-', line});
    for (const std::string_view line : after) out.push_back({'+', line});
    return;
  }
  const std::size_t width = after.size() + 1;
  std::vector<std::uint32_t> common((before.size() + 1) * width, 0);  // lines, from here on
  for (std::size_t i = before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      common[i * width + j] =
          before[i] == after[j] ? common[(i + 1) * width + j + 1] + 1
                                : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      out.push_back({' ', before[i++]});
      ++j;
    } else if (j == after.size() ||
               (i < before.size() && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      out.push_back({'-', before[i++]});
    } else {
      out.push_back({'+', after[j++]});
    }
  }
}

std::vector<Edit> edits_of(const Lines& before, const Lines& after) {
  const auto [b, a] = std::ranges::mismatch(before, after);
  const auto head = static_cast<std::size_t>(b - before.begin());
  std::size_t tail = 0;
  while (tail < std::min(before.size(), after.size()) - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  std::vector<Edit> edits;
  edits.reserve(before.size() + after.size());
  for (std::size_t i = 0; i < head; ++i) edits.push_back({' ', before[i]});
  const auto end = static_cast<std::ptrdiff_t>(tail);
  edit_middle({b, before.end() - end}, {a, after.end() - end}, edits);
  for (auto i = before.end() - end; i != before.end(); ++i) edits.push_back({' ', *i});
  return edits;
}

std::string range(std::size_t before, std::size_t count) {
  return std::to_string(count == 0 ? before : before + 1) +
         (count == 1 ? "" : "," + std::to_string(count));
}

}  // namespace

std::string unified_diff(std::string_view before_name, std::string_view before,
                         std::string_view after_name, std::string_view after) {
  if (before == after) return "";
  const std::vector<Edit> edits = edits_of(lines_of(before), lines_of(after));
  std::string out = "--- " + printable(before_name) + "\n+++ " + printable(after_name) + "\n";
  std::size_t old_line = 0;  // lines of each text before edits[at]
  std::size_t new_line = 0;
  const auto changes = [](const Edit& edit) { return edit.mark != ' '; };
  for (std::size_t at = 0; at < edits.size();) {
    // A hunk goes from the context of its first change to where twice that much is unchanged.
    const std::size_t window = std::min(edits.size(), at + kContext + 1);
    if (std::none_of(edits.begin() + static_cast<std::ptrdiff_t>(at),
                     edits.begin() + static_cast<std::ptrdiff_t>(window), changes)) {
      ++old_line;
      ++new_line;
      ++at;
      continue;
    }
    std::size_t end = at;
    std::size_t last = at;
    for (; end < edits.size() && end - last <= 2 * kContext; ++end) {
      if (changes(edits[end])) last = end;
    }
    end = std::min(edits.size(), last + kContext + 1);
    std::string body;
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    for (; at < end; ++at) {
      const Edit& edit = edits[at];
      old_count += edit.mark == '+' ? 0U : 1U;
      new_count += edit.mark == '-' ? 0U : 1U;
      const bool ended = edit.line.ends_with('\n');
      std::string text;
      // A tab stays one: it is in most PAM files.
      for (const char c :
           edit.line.substr(0, std::min(kMaxLine, edit.line.size() - (ended ? 1 : 0)))) {
        text += c == '\t' ? "\t" : printable(std::string_view(&c, 1));
      }
      body += edit.mark + text + "\n" + (ended ? "" : "\\ No newline at end of file\n");
    }
    out += "@@ -" + range(old_line, old_count) + " +" + range(new_line, new_count) + " @@\n" + body;
    old_line += old_count;
    new_line += new_count;
  }
  return out;
}

}  // namespace stepup::ctl
