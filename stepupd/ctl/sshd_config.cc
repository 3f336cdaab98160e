// SPDX-License-Identifier: ISC
#include "stepupd/ctl/sshd_config.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace stepup::ctl {
namespace {

constexpr char kFile[] = "/etc/ssh/sshd_config";
constexpr std::string_view kBlank = " \t\r";

// A Match block ends with the file that it stands in.
// NOLINTNEXTLINE(misc-no-recursion): no deeper than kMaxDepth
void read_file(const HostFiles& host, const std::string& path, std::string match, int depth,
               std::vector<SshdSetting>& out) {
  constexpr int kMaxDepth = 16;  // sshd's own
  const auto text = host.read(path);
  if (!text || depth > kMaxDepth) return;
  unsigned number = 0;
  for (std::string_view rest : lines_of(*text)) {
    ++number;
    std::string key(take_word(rest, " \t\r="));
    std::ranges::transform(key, key.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (key.empty() || key.starts_with('#')) continue;
    if (key == "include") {
      for (auto word = take_word(rest, kBlank); !word.empty(); word = take_word(rest, kBlank)) {
        const std::string pattern =
            word.starts_with('/') ? std::string(word) : "/etc/ssh/" + std::string(word);
        const std::string directory = host.path(pattern.substr(0, pattern.rfind('/')));
        const std::string name = pattern.substr(pattern.rfind('/') + 1);
        for (const std::string& found : host.names_in(directory)) {
          if (fnmatch(name.c_str(), found.c_str(), 0) != 0) continue;
          read_file(host, std::string(directory).append("/").append(found), match, depth + 1, out);
        }
      }
      continue;
    }
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r=\""), rest.size()));
    std::string value(rest.substr(0, rest.find_last_not_of(" \t\r\"") + 1));
    if (key == "match") {
      match = value == "all" ? "" : std::move(value);
      continue;
    }
    out.push_back({std::move(key), std::move(value), match, path + ":" + std::to_string(number)});
  }
}

}  // namespace

std::vector<SshdSetting> read_sshd_config(const HostFiles& host) {
  std::vector<SshdSetting> settings;
  read_file(host, host.path(kFile), "", 0, settings);
  return settings;
}

std::string sshd_value(const std::vector<SshdSetting>& settings, std::string_view key,
                       std::string_view unset, std::string_view match) {
  const auto found = std::ranges::find_if(settings, [&](const SshdSetting& setting) {
    return setting.key == key && (setting.match.empty() || setting.match == match);
  });
  return found == settings.end() ? std::string(unset) : found->value;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, newline));
    text.remove_prefix(std::min(newline + 1, text.size()));
  }
  return lines;
}

std::string_view take_word(std::string_view& rest, std::string_view separators) {
  rest.remove_prefix(std::min(rest.find_first_not_of(separators), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(separators));
  rest.remove_prefix(word.size());
  return word;
}

}  // namespace stepup::ctl
