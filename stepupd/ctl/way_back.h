// SPDX-License-Identifier: ISC
// A way to root that does not pass stepup, for the day when stepup refuses everybody.
#pragma once

#include <string>
#include <string_view>

#include "stepupd/ctl/host_files.h"

namespace stepup::ctl {

// Names a way in: root's password at the console, where "login" has no line of ours, or root's key
// over ssh, where sshd_config permits it and the account phase of "sshd" has none.  Empty when
// neither is found.  `pam` gives the stacks as they are, or as they are to become.
//
// It reads files and tries nothing: Match blocks of sshd_config are not looked into.
[[nodiscard]] std::string way_back(const HostFiles& host, const PamReader& pam);

// Whether shadow(5) has a password hash for `user` that is not locked.
[[nodiscard]] bool has_password(std::string_view shadow, std::string_view user);

}  // namespace stepup::ctl
