// SPDX-License-Identifier: ISC
#include "stepupd/rules/host_tags.h"

#include <algorithm>

#include "stepupd/rules/node_reader.h"
#include "stepupd/rules/text_form.h"

namespace stepup::rules {

bool is_host_tag(std::string_view text) {
  constexpr std::size_t kMaxTag = 64;
  return !text.empty() && text.size() <= kMaxTag && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._:-").contains(c);
  });
}

bool is_tag_file(const SourceFile& file) {
  const std::string_view parent = std::string_view(file.path).substr(0, file.path.rfind('/'));
  return parent.substr(parent.rfind('/') + 1) == kTagsDir;
}

void read_tag_file(const SourceFile& file, std::vector<std::string>& tags,
                   std::vector<Problem>& problems) {
  if (auto bad = find_bad_text(file)) return problems.push_back(std::move(*bad));
  unsigned number = 0;
  for (std::string_view rest = file.text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ++number;
    line = line.substr(0, line.find('#'));
    const auto first = line.find_first_not_of(" \t\r");
    if (first == line.npos) continue;
    line = line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
    if (is_host_tag(line)) {
      tags.emplace_back(line);
    } else {
      problems.push_back({file.path, number, static_cast<unsigned>(first) + 1,
                          quote(line) + " is no tag: " + kTagForm});
    }
  }
}

}  // namespace stepup::rules
