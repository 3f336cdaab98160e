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
  UniqueFd grants;  // the memfd of an earlier stepupd, from the fd store
};

// What systemd passed, by the names "stepupd", "control" and "grants" (sd_listen_fds(3)).  The
// sockets are empty when none was passed.  Fails with Malformed when only one was.
[[nodiscard]] Result<Sockets> passed_sockets();

// Binds stepupd.sock (0600) and control.sock (0666) in `run_dir`, in place of sockets that nobody
// serves.  Fails with Busy when somebody does.
[[nodiscard]] Result<Sockets> bind_sockets(const std::string& run_dir);

// Puts the memfd of the grants into systemd's fd store, from which passed_sockets gets it after a
// restart.  Without systemd, does nothing.
void store_in_systemd(int fd);

// Becomes `user` with no capability, for good.  Does nothing when not started as root.  Requires
// that no thread runs yet.
[[nodiscard]] Status drop_privileges(const std::string& user);

}  // namespace stepup::daemon
