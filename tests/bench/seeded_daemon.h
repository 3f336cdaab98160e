// SPDX-License-Identifier: ISC
// A stepupd that begins with grants, as after a restart: sockets and memfd are passed to it as
// systemd passes them.
#pragma once

#include <sys/types.h>

#include <string>

#include "stepupd/base/unique_fd.h"

namespace stepup::bench {

struct Passed {
  UniqueFd stepupd;
  UniqueFd control;
  UniqueFd grants;
};

// Binds the sockets in `directory`, and makes a memory with `sessions` grants: each of another
// user's session, but for the last, which is that of this process and of `user`.
[[nodiscard]] Passed make_passed(const std::string& directory, int sessions,
                                 const std::string& user);

// Becomes `command`, a null-terminated list, with what is passed.
[[noreturn]] void become_daemon(const Passed& passed, char** command);

}  // namespace stepup::bench
