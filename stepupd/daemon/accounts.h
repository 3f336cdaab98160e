// SPDX-License-Identifier: ISC
// The name service (getpwnam_r(3), getgrnam_r(3)).  It may block for long, so everything here
// belongs on the worker thread or into start-up.
#pragma once

#include <optional>
#include <string>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/policy/rule.h"

namespace stepup::daemon {

// Sets lookup and id from the name service; found, absent and "it failed" are told apart.
void look_up(policy::Principal& principal);

// The account of this uid, or name.  Fails with NotFound when there is none, Unreachable when the
// name service failed.
[[nodiscard]] Result<Subject> account_of(uid_t uid);
[[nodiscard]] Result<Subject> account_of(const std::string& name);

}  // namespace stepup::daemon
