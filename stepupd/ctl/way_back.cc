// SPDX-License-Identifier: ISC
#include "stepupd/ctl/way_back.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <vector>

#include "stepupd/ctl/pam_effect.h"

namespace stepup::ctl {
namespace {

constexpr std::string_view kBlank = " \t\r";

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

// The global settings of sshd_config(5); the first value counts.
using Settings = std::map<std::string, std::string>;

// Returns false at a Match line: what follows is no longer for everybody.
// NOLINTNEXTLINE(misc-no-recursion): no deeper than kMaxDepth
bool read_settings(const HostFiles& host, const std::string& path, int depth, Settings& out) {
  constexpr int kMaxDepth = 16;  // sshd's own
  const auto text = host.read(path);
  if (!text || depth > kMaxDepth) return true;
  for (std::string_view rest : lines_of(*text)) {
    std::string key(take_word(rest, " \t\r="));
    std::ranges::transform(key, key.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (key.empty() || key.starts_with('#')) continue;
    if (key == "match") return false;
    if (key != "include") {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r=\""), rest.size()));
      std::string value(rest.substr(0, rest.find_last_not_of(" \t\r\"") + 1));
      out.emplace(std::move(key), std::move(value));
      continue;
    }
    for (auto word = take_word(rest, kBlank); !word.empty(); word = take_word(rest, kBlank)) {
      const std::string pattern =
          word.starts_with('/') ? std::string(word) : "/etc/ssh/" + std::string(word);
      const std::string directory = host.path(pattern.substr(0, pattern.rfind('/')));
      const std::string name = pattern.substr(pattern.rfind('/') + 1);
      for (const std::string& found : host.names_in(directory)) {
        if (fnmatch(name.c_str(), found.c_str(), 0) != 0) continue;
        (void)read_settings(host, std::string(directory).append("/").append(found), depth + 1, out);
      }
    }
  }
  return true;
}

bool has_key(const HostFiles& host, std::string patterns) {
  std::string_view rest(patterns);
  for (auto word = take_word(rest, kBlank); !word.empty(); word = take_word(rest, kBlank)) {
    std::string path(word);
    for (const auto& [what, with] : {std::pair("%h", "/root"), std::pair("%u", "root")}) {
      if (const std::size_t at = path.find(what); at != std::string::npos) {
        path.replace(at, 2, with);
      }
    }
    if (!path.starts_with('/')) path.insert(0, "/root/");
    const auto text = host.read(host.path(path));
    if (!text) continue;
    if (std::ranges::any_of(lines_of(*text), [](std::string_view line) {
          const std::size_t begin = line.find_first_not_of(kBlank);
          return begin != std::string_view::npos && line[begin] != '#';
        })) {
      return true;
    }
  }
  return false;
}

bool ssh_by_key(const HostFiles& host, const PamReader& pam) {
  const std::string conf = host.path("/etc/ssh/sshd_config");
  if (!host.read(conf)) return false;
  Settings settings;
  (void)read_settings(host, conf, 0, settings);
  const auto value = [&](const char* key, const char* unset) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string(unset) : found->second;
  };
  const std::string root = value("permitrootlogin", "prohibit-password");
  if (root != "yes" && root != "prohibit-password" && root != "without-password") return false;
  if (value("pubkeyauthentication", "yes") != "yes") return false;
  // More than the key may be asked for, by a stack that has our line.
  if (value("authenticationmethods", "any") != "any" &&
      value("authenticationmethods", "any") != "publickey") {
    return false;
  }
  if (value("usepam", "no") == "yes" &&
      effect_of("sshd", PamPhase::Account, pam).state != LineState::Missing) {
    return false;
  }
  return has_key(host, value("authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2"));
}

}  // namespace

bool has_password(std::string_view shadow, std::string_view user) {
  for (std::string_view rest : lines_of(shadow)) {
    const std::string_view name = rest.substr(0, rest.find(':'));
    if (name != user || name.size() == rest.size()) continue;
    rest.remove_prefix(name.size() + 1);
    const std::string_view hash = rest.substr(0, rest.find(':'));
    constexpr std::size_t kShortestHash = 13;  // crypt(5), descrypt
    return hash.size() >= kShortestHash && hash[0] != '!' && hash[0] != '*' && hash[0] != 'x';
  }
  return false;
}

std::string way_back(const HostFiles& host, const PamReader& pam) {
  const auto shadow = host.read(host.path("/etc/shadow"));
  if (shadow && has_password(*shadow, "root") && pam("login") && !mentions_us("login", pam)) {
    return "root's password at the console";
  }
  if (ssh_by_key(host, pam)) return "root's key over ssh";
  return "";
}

}  // namespace stepup::ctl
