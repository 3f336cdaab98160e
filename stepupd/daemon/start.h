// SPDX-License-Identifier: ISC
// What happens once, before the loop: the sockets, and giving up root.
#pragma once

#include <string>

#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::daemon {

struct Sockets {
  UniqueFd stepupd;
  UniqueFd control;
};

// The sockets that systemd passed, by the names "stepupd" and "control" (sd_listen_fds(3)).  Both
// are empty when nothing was passed.  Fails with Malformed when only one was.
[[nodiscard]] Result<Sockets> passed_sockets();

// Binds stepupd.sock (0600) and control.sock (0666) in `run_dir`, in place of sockets that nobody
// serves.  Fails with Busy when somebody does.
[[nodiscard]] Result<Sockets> bind_sockets(const std::string& run_dir);

// Becomes `user` with no capability, for good.  Does nothing when not started as root.  Requires
// that no thread runs yet.
[[nodiscard]] Status drop_privileges(const std::string& user);

// Makes descriptors 0, 1 and 2 refer to something, so that no file of ours ever gets their number.
[[nodiscard]] Status fill_standard_descriptors();

}  // namespace stepup::daemon
