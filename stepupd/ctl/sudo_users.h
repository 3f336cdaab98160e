// SPDX-License-Identifier: ISC
// Who has used sudo lately: the people whom an enabled stepup is going to ask.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "stepupd/ctl/host_files.h"

namespace stepup::ctl {

struct SudoUsers {
  std::set<std::string> names;  // without root
  bool known = false;           // false: neither a journal nor auth.log could be read
};

// From the journal of the last 30 days, and from auth.log and auth.log.1; those of another root
// from the latter alone.
[[nodiscard]] SudoUsers recent_sudo_users(const HostFiles& host);

// Input is untrusted: any program may call itself sudo, so these are only names that may be.
// One JSON object a line, as "journalctl -o json" writes them.
[[nodiscard]] std::set<std::string> sudo_users_in_journal(std::string_view lines);
// Lines of syslog.
[[nodiscard]] std::set<std::string> sudo_users_in_log(std::string_view lines);

}  // namespace stepup::ctl
