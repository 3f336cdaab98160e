// SPDX-License-Identifier: ISC
// The user database and the name service behind it (getpwnam_r(3), getgrnam_r(3)).  All but
// read_local_accounts() may block for long: the daemon asks on its worker thread and at start-up.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"

namespace stepup {

// The account of this uid, or name.  Fails with NotFound when there is none, Unreachable when the
// name service failed.  A NotFound with an errno is how a service that is down may look, too.
[[nodiscard]] Result<Subject> account_of(uid_t uid);
[[nodiscard]] Result<Subject> account_of(const std::string& name);

struct Group {
  gid_t gid = 0;
  std::vector<std::string> members;  // but for those whose primary group it is
};

// Fails as account_of() does.
[[nodiscard]] Result<Group> group_named(const std::string& name);

// All groups of an account, its primary one included; nothing when they cannot be told.
[[nodiscard]] std::optional<std::vector<gid_t>> groups_of(const std::string& name);

struct LocalAccount {
  uid_t uid = kNoUid;
  gid_t gid = 0;
};

// The accounts that /etc/passwd lists, by name: those that need no name service.  Empty when it
// cannot be read.
[[nodiscard]] std::map<std::string, LocalAccount> read_local_accounts();

}  // namespace stepup
