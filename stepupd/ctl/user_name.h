// SPDX-License-Identifier: ISC
// A uid as people know it.
#pragma once

#include <sys/types.h>

#include <string>

namespace stepup::ctl {

// The name of the account, or the number when there is none.
[[nodiscard]] std::string user_name(uid_t uid);

}  // namespace stepup::ctl
