// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "stepupd/ctl/daemon_query.h"
#include "stepupd/ctl/doctor.h"
#include "stepupd/ctl/pam_edit.h"
#include "stepupd/ctl/pam_effect.h"
#include "stepupd/ctl/sshd_config.h"

namespace stepup::ctl {
namespace {

constexpr char kDeclared[] = "/etc/stepup/credentials.d";

// The fields of a line of passwd(5) or group(5).
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ':') {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  return fields;
}

// Those of the host's files, which are all that can be read of another host.
struct Accounts {
  std::set<std::string> users;
  std::map<std::string, std::set<std::string>> members;  // by group, primary ones too
};

Accounts accounts_of(const HostFiles& host) {
  Accounts accounts;
  std::map<std::string, std::set<std::string>> by_gid;
  const std::string passwd = host.read(host.path("/etc/passwd")).value_or("");
  for (const std::string_view line : lines_of(passwd)) {
    const auto fields = fields_of(line);
    if (fields.size() < 4) continue;
    accounts.users.insert(fields[0]);
    by_gid[fields[3]].insert(fields[0]);
  }
  const std::string group = host.read(host.path("/etc/group")).value_or("");
  for (const std::string_view line : lines_of(group)) {
    const auto fields = fields_of(line);
    if (fields.size() < 4) continue;
    std::set<std::string>& members = accounts.members[fields[0]];
    members = by_gid[fields[2]];
    std::string_view rest(fields[3]);
    for (auto name = take_word(rest, ","); !name.empty(); name = take_word(rest, ",")) {
      members.emplace(name);
    }
    members.erase("root");
  }
  return accounts;
}

std::string listed(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void examine_groups(const Accounts& accounts, std::vector<Finding>& out) {
  for (const char* group : {"docker", "lxd", "incus-admin", "disk"}) {
    const auto found = accounts.members.find(group);
    if (found == accounts.members.end() || found->second.empty()) continue;
    out.push_back({"group", "in the group " + found->first + ": " + listed(found->second),
                   "whoever is in it becomes root without sudo, and nobody asks",
                   "take them out, and let them use sudo: gpasswd -d USER " + found->first});
  }
}

void examine_kernel(const HostFiles& host, std::vector<Finding>& out) {
  const auto says = [&](const char* path, std::string_view bad) {
    const auto text = host.read(host.path(path));
    return text && text->starts_with(bad);
  };
  if (says("/proc/sys/kernel/yama/ptrace_scope", "0")) {
    out.push_back({"kernel", "kernel.yama.ptrace_scope is 0",
                   "a program of a person can enter their other programs, and use what a session "
                   "of theirs has proved",
                   "write kernel.yama.ptrace_scope = 1 into a file of /etc/sysctl.d, and run: "
                   "sysctl --system"});
  }
  if (says("/proc/sys/dev/tty/legacy_tiocsti", "1")) {
    out.push_back({"kernel", "dev.tty.legacy_tiocsti is 1",
                   "a program can type into the terminal that it runs on, also for whoever reads "
                   "there after it",
                   "write dev.tty.legacy_tiocsti = 0 into a file of /etc/sysctl.d, and run: sysctl "
                   "--system"});
  }
}

void examine_logins(const HostFiles& host, std::vector<Finding>& out) {
  const PamReader pam = host.pam_reader();
  for (const char* service : {"sshd", "login", "gdm-password", "lightdm", "sddm", "xrdp-sesman"}) {
    if (!pam(service) || loads(service, PamPhase::Session, "pam_loginuid.so", pam)) continue;
    out.push_back(
        {"login-uid", std::string(service) + " has no line of pam_loginuid in session",
         "its login sessions have no number of the kernel's, and the journal does not say "
         "who logged in",
         "add to it: session required pam_loginuid.so"});
  }
}

void examine_vendor_stacks(const HostFiles& host, std::vector<Finding>& out) {
  for (const std::string& file : host.pam_names()) {
    const auto text = host.read(host.pam_path(file));
    const auto vendor = host.read(host.vendor_path(file));
    if (!text || !vendor) continue;
    const auto bare = without_blocks(file, *text);
    if (!bare || !bare->was_copied || bare->text == *vendor) continue;
    out.push_back({"vendor",
                   host.pam_path(file) + " is a copy of another " + host.vendor_path(file) +
                       " than the one that is there now",
                   "what the distribution has mended there since does not hold here",
                   "compare the two; to begin anew, remove the copy and run: stepupctl enable " +
                       (file == "polkit-1" ? "polkit" : file)});
  }
}

void examine_people(const HostFiles& host, const Accounts& accounts, const std::string& socket,
                    std::vector<Finding>& out) {
  constexpr std::string_view kEnding = ".toml";
  std::set<std::string> declared;
  for (const std::string& name : host.names_in(host.path(kDeclared))) {
    if (!name.ends_with(kEnding)) continue;
    const std::string user = name.substr(0, name.size() - kEnding.size());
    declared.insert(user);
    // Of the running host, another directory of people may know them.
    if (accounts.users.contains(user) || host.is_running_host()) continue;
    out.push_back({"gone", std::string(kDeclared).append("/").append(name) + " is about nobody",
                   "whoever gets that name next has these keys",
                   "remove it, if the account is gone for good"});
  }
  std::set<std::string> administrators;
  for (const char* group : {"sudo", "wheel", "admin"}) {
    const auto found = accounts.members.find(group);
    if (found != accounts.members.end()) {
      administrators.insert(found->second.begin(), found->second.end());
    }
  }
  for (const std::string& name : administrators) {
    if (declared.contains(name)) continue;
    if (host.is_running_host()) {
      const auto held = ask_credentials(socket, name);
      if (!held || !held->credentials.empty()) continue;
    }
    out.push_back({"unenrolled", "the administrator " + name + " has no second factor",
                   "where a rule asks, sudo refuses them",
                   "let them enrol with a ticket: stepupctl ticket " + name});
  }
}

}  // namespace

void examine_host(const HostFiles& host, const std::string& socket, std::vector<Finding>& out) {
  const Accounts accounts = accounts_of(host);
  examine_groups(accounts, out);
  examine_kernel(host, out);
  examine_logins(host, out);
  examine_vendor_stacks(host, out);
  examine_people(host, accounts, socket, out);
}

}  // namespace stepup::ctl
