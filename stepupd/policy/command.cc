// SPDX-License-Identifier: ISC
#include "stepupd/policy/command.h"

namespace stepup::policy {

std::expected<CommandPattern, std::string> parse_command_pattern(std::string_view text) {
  CommandPattern pattern{std::string(text), {}};
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    if (end == start) return std::unexpected("takes words parted by single spaces");
    pattern.words.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  if (!pattern.words.front().starts_with('/') && pattern.words.front() != "sudoedit") {
    return std::unexpected("takes a command by its absolute path, or sudoedit");
  }
  return pattern;
}

}  // namespace stepup::policy
