// SPDX-License-Identifier: ISC
#include "stepupd/ctl/way_back.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "stepupd/ctl/pam_effect.h"
#include "stepupd/ctl/sshd_config.h"

namespace stepup::ctl {
namespace {

constexpr std::string_view kBlank = " \t\r";

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
  if (!host.read(host.path("/etc/ssh/sshd_config"))) return false;
  const std::vector<SshdSetting> settings = read_sshd_config(host);
  const auto value = [&](const char* key, const char* unset) {
    return sshd_value(settings, key, unset);
  };
  const std::string root = value("permitrootlogin", "prohibit-password");
  if (root != "yes" && root != "prohibit-password" && root != "without-password") return false;
  if (value("pubkeyauthentication", "yes") != "yes") return false;
  // More than the key may be asked for, by a stack that has our line, or by the gate.
  if (value("authenticationmethods", "any") != "any" &&
      value("authenticationmethods", "any") != "publickey") {
    return false;
  }
  if (value("forcecommand", "none") != "none") return false;
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
