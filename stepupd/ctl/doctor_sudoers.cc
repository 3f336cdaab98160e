// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "stepupd/ctl/doctor.h"
#include "stepupd/ctl/pam_effect.h"

namespace stepup::ctl {
namespace {

constexpr int kMaxFiles = 128;  // sudo's own limit for includes

bool names_setting(std::string_view line, std::string_view setting) {
  constexpr std::string_view kWord =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  for (std::size_t at = line.find(setting); at != std::string_view::npos;
       at = line.find(setting, at + 1)) {
    const std::size_t end = at + setting.size();
    if (end == line.size() || kWord.find(line[end]) == std::string_view::npos) return true;
  }
  return false;
}

void examine_setting(const HostFiles& host, const std::string& where, std::string_view line,
                     std::vector<Finding>& out) {
  // "! pam_acct_mgmt" is the same to sudo.
  std::string tight;
  std::ranges::copy_if(line, std::back_inserter(tight),
                       [](char c) { return c != ' ' && c != '\t' && c != '\r'; });
  if (names_setting(tight, "!pam_acct_mgmt")) {
    out.push_back({"sudoers", where + ": Defaults !pam_acct_mgmt",
                   "sudo then never calls the account phase, and asks nobody", "remove it"});
  }
  for (const std::string_view key : std::array<std::string_view, 3>{
           "pam_service=", "pam_login_service=", "pam_askpass_service="}) {
    const std::size_t at = tight.find(key);
    if (at == std::string::npos) continue;
    std::string name = tight.substr(at + key.size());
    if (name.starts_with('"')) name.erase(0, 1);
    name.resize(std::min(name.find_first_of("\","), name.size()));
    if (effect_of(name, PamPhase::Account, host.pam_reader()).state == LineState::InEffect)
      continue;
    out.push_back(
        {"sudoers",
         std::string(where).append(": ").append(key).append(name) +
             ", whose stack has no pam_stepup",
         "sudo asks nobody where it uses that service",
         std::string("give /etc/pam.d/").append(name) + " the line of sudo; see pam_stepup(8)"});
  }
}

// What runs any other command for whoever runs it: editors, pagers, interpreters, shells.
constexpr std::array<std::string_view, 28> kShellsInDisguise = {
    "awk",  "bash", "dash", "ed",   "emacs", "env",  "find", "gawk",  "gdb",  "git",
    "less", "lua",  "mawk", "man",  "more",  "nano", "perl", "pico",  "ruby", "rvim",
    "sh",   "tar",  "vi",   "view", "vim",   "zip",  "zsh",  "python"};

// The first of them among the commands of a NOPASSWD list, or of an alias; empty if there is none.
std::string_view shell_among(std::string_view commands) {
  constexpr std::string_view kBetween = " \t\r,=";
  while (!commands.empty()) {
    commands.remove_prefix(std::min(commands.find_first_not_of(kBetween), commands.size()));
    const std::string_view word = commands.substr(0, commands.find_first_of(kBetween));
    commands.remove_prefix(word.size());
    if (word.starts_with("PASSWD:")) break;
    std::string_view name = word.substr(word.rfind('/') + 1);
    if (!word.starts_with('/')) continue;
    if (name.starts_with("python")) name = "python";  // python3.11
    if (std::ranges::find(kShellsInDisguise, name) != kShellsInDisguise.end()) return word;
  }
  return {};
}

// What is seen on the way through all files; an alias may be defined after its use.
struct Walk {
  std::vector<Finding>& out;
  int files;                                  // that may still be read
  std::map<std::string, std::string> shells;  // by alias: what of kShellsInDisguise it has
  std::vector<std::pair<std::string, std::string>> free;  // where, and the commands of NOPASSWD
};

// A line of who may run what.
void note_commands(Walk& walk, const std::string& where, std::string_view line) {
  constexpr std::string_view kAlias = "Cmnd_Alias";
  constexpr std::string_view kFree = "NOPASSWD:";
  if (line.starts_with(kAlias)) {
    line.remove_prefix(kAlias.size());
    const std::size_t equals = std::min(line.find('='), line.size());
    std::string name;
    std::ranges::copy_if(line.substr(0, equals), std::back_inserter(name),
                         [](char c) { return c != ' ' && c != '\t'; });
    const std::string_view shell = shell_among(line.substr(equals));
    if (!shell.empty()) walk.shells[name] = shell;
  } else if (const std::size_t at = line.find(kFree); at != std::string_view::npos) {
    walk.free.emplace_back(where, line.substr(at + kFree.size()));
  }
}

void examine_commands(const Walk& walk) {
  for (const auto& [where, commands] : walk.free) {
    std::string shell(shell_among(commands));
    for (const auto& [alias, of_alias] : walk.shells) {
      if (shell.empty() && names_setting(commands, alias)) shell = of_alias;
    }
    if (shell.empty()) continue;
    walk.out.push_back({"nopasswd", std::string(where).append(": NOPASSWD for ").append(shell),
                        "it runs any other command as root, so whoever may run it needs no more "
                        "than one code for everything",
                        "use sudoedit for files, or take NOPASSWD away"});
  }
}

// NOLINTBEGIN(misc-no-recursion): no more than kMaxFiles files
void examine_file(const HostFiles& host, const std::string& path, Walk& walk);

// "@include FILE", "#includedir DIR" and the like.
void follow(const HostFiles& host, std::string_view directive, Walk& walk) {
  const bool whole = directive.starts_with("includedir");
  directive.remove_prefix(whole ? 10 : 7);
  const std::size_t begin = directive.find_first_not_of(" \t\"");
  if (begin == 0 || begin == std::string_view::npos) return;
  directive = directive.substr(begin, directive.find_last_not_of(" \t\r\"") + 1 - begin);
  const std::string path =
      host.path((directive.starts_with('/') ? "" : "/etc/") + std::string(directive));
  if (!whole) return examine_file(host, path, walk);
  for (const std::string& name : host.names_in(path)) {
    // As sudo does: backups of editors and of package managers are left out.
    if (name.ends_with('~') || name.find('.') != std::string::npos) continue;
    examine_file(host, std::string(path).append("/").append(name), walk);
  }
}

void examine_file(const HostFiles& host, const std::string& path, Walk& walk) {
  if (--walk.files < 0) return;
  const auto text = host.read(path);
  if (!text) return;
  std::string joined = *text;
  unsigned number = 0;
  for (std::size_t at = 0; at < joined.size();) {
    std::size_t end = std::min(joined.find('\n', at), joined.size());
    const unsigned first = ++number;
    while (end > at && end < joined.size() && joined[end - 1] == '\\') {
      joined[end - 1] = joined[end] = ' ';
      end = std::min(joined.find('\n', end), joined.size());
      ++number;
    }
    std::string_view line(joined.data() + at, end - at);
    at = end + 1;
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with("@include") || line.starts_with("#include")) {
      follow(host, line.substr(1), walk);
    } else if (line.starts_with("Defaults")) {
      examine_setting(host, path + ":" + std::to_string(first), line.substr(0, line.find('#')),
                      walk.out);
    } else if (!line.starts_with('#')) {
      note_commands(walk, path + ":" + std::to_string(first), line.substr(0, line.find(" #")));
    }
  }
}
// NOLINTEND(misc-no-recursion)

}  // namespace

void examine_sudoers(const HostFiles& host, std::vector<Finding>& out) {
  Walk walk{out, kMaxFiles, {}, {}};
  examine_file(host, host.path("/etc/sudoers"), walk);
  examine_commands(walk);
}

}  // namespace stepup::ctl
