// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <string_view>

#include "stepupd/ctl/doctor.h"
#include "stepupd/ctl/pam_effect.h"

namespace stepup::ctl {
namespace {

constexpr int kMaxFiles = 128;  // sudo's own limit for includes

bool names_setting(std::string_view line, std::string_view setting) {
  constexpr std::string_view kWord = "abcdefghijklmnopqrstuvwxyz_";
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

// NOLINTBEGIN(misc-no-recursion): no more than kMaxFiles files
void examine_file(const HostFiles& host, const std::string& path, int& files,
                  std::vector<Finding>& out);

// "@include FILE", "#includedir DIR" and the like.
void follow(const HostFiles& host, std::string_view directive, int& files,
            std::vector<Finding>& out) {
  const bool whole = directive.starts_with("includedir");
  directive.remove_prefix(whole ? 10 : 7);
  const std::size_t begin = directive.find_first_not_of(" \t\"");
  if (begin == 0 || begin == std::string_view::npos) return;
  directive = directive.substr(begin, directive.find_last_not_of(" \t\r\"") + 1 - begin);
  const std::string path =
      host.path((directive.starts_with('/') ? "" : "/etc/") + std::string(directive));
  if (!whole) return examine_file(host, path, files, out);
  for (const std::string& name : host.names_in(path)) {
    // As sudo does: backups of editors and of package managers are left out.
    if (name.ends_with('~') || name.find('.') != std::string::npos) continue;
    examine_file(host, std::string(path).append("/").append(name), files, out);
  }
}

void examine_file(const HostFiles& host, const std::string& path, int& files,
                  std::vector<Finding>& out) {
  if (--files < 0) return;
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
      follow(host, line.substr(1), files, out);
    } else if (line.starts_with("Defaults")) {
      examine_setting(host, path + ":" + std::to_string(first), line.substr(0, line.find('#')),
                      out);
    }
  }
}
// NOLINTEND(misc-no-recursion)

}  // namespace

void examine_sudoers(const HostFiles& host, std::vector<Finding>& out) {
  int files = kMaxFiles;
  examine_file(host, host.path("/etc/sudoers"), files, out);
}

}  // namespace stepup::ctl
