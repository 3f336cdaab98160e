// SPDX-License-Identifier: ISC
// Who could answer once stepup asks: those who use sudo, an administrator, and who enables it.
#pragma once

#include <string>
#include <vector>

#include "stepupd/ctl/host_files.h"

namespace stepup::ctl {

struct Enrolled {
  bool known = false;                // false: neither a journal nor auth.log tells who used sudo
  std::vector<std::string> without;  // used sudo in the last 30 days, have an account and no factor
  std::string caller;                // who logged in and became root; empty = root, or nobody
  bool caller_is = false;            // has a factor
  std::string admin;  // one who has a factor, of those who use sudo, and of the groups
                      // sudo, wheel and admin; empty = there is none
};

// Those of another root count as without a factor.
[[nodiscard]] Enrolled find_enrolled(const HostFiles& host, const std::string& socket);

}  // namespace stepup::ctl
