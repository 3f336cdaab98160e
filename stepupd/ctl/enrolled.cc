// SPDX-License-Identifier: ISC
#include "stepupd/ctl/enrolled.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <set>

#include "stepupd/base/small_file.h"
#include "stepupd/ctl/daemon_query.h"
#include "stepupd/ctl/sudo_users.h"

namespace stepup::ctl {
namespace {

bool is_enrolled(const std::string& socket, const std::string& name) {
  const auto held = ask_credentials(socket, name);
  return held && !held->credentials.empty();
}

// NOLINTBEGIN(concurrency-mt-unsafe): one thread
std::set<std::string> members_of_admin_groups() {
  std::set<std::string> names;
  for (const char* name : {"sudo", "wheel", "admin"}) {
    const group* const found = getgrnam(name);
    if (found == nullptr) continue;
    for (char** member = found->gr_mem; *member != nullptr; ++member) names.emplace(*member);
  }
  return names;
}

// The account that logged in, by the kernel's record.
std::string login_name() {
  const auto text = read_small_file("/proc/self/loginuid", 32);
  if (!text) return "";
  const auto uid = static_cast<uid_t>(strtoul(text->c_str(), nullptr, 10));
  const passwd* const account = uid == 0 || uid == kNoUid ? nullptr : getpwuid(uid);
  return account == nullptr ? "" : account->pw_name;
}

bool has_account(const std::string& name) { return getpwnam(name.c_str()) != nullptr; }
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace

Enrolled find_enrolled(const HostFiles& host, const std::string& socket) {
  const SudoUsers users = recent_sudo_users(host);
  Enrolled found;
  found.known = users.known;
  if (!host.is_running_host()) {
    found.without.assign(users.names.begin(), users.names.end());
    return found;
  }
  for (const std::string& name : users.names) {
    if (!has_account(name)) continue;
    if (!is_enrolled(socket, name)) {
      found.without.push_back(name);
    } else if (found.admin.empty()) {
      found.admin = name;
    }
  }
  for (const std::string& name : members_of_admin_groups()) {
    if (!found.admin.empty()) break;
    if (is_enrolled(socket, name)) found.admin = name;
  }
  found.caller = login_name();
  found.caller_is = !found.caller.empty() && is_enrolled(socket, found.caller);
  if (found.admin.empty() && found.caller_is) found.admin = found.caller;
  return found;
}

}  // namespace stepup::ctl
