// SPDX-License-Identifier: ISC
// Whether what listens at the socket path can be stepupd.
#pragma once

#include <string>

#include "stepupd/base/result.h"
#include "stepupd/wire/client.h"

namespace stepup::pam_stepup {

// Looks at the path before connecting: a socket of root's, in a directory of root's that nobody
// else may write.  Without this an ordinary user who owns the directory could answer for stepupd
// and grant everything.  Fails with Unreachable (no such path, sys_errno says why) or Untrusted
// (`what` says why).
[[nodiscard]] Status check_socket_path(const std::string& path);

// Looks at the connection: whoever called listen(2) was root.  This closes the gap between looking
// at the path and connecting to it.  It cannot tell stepupd from another process that root gave
// the listener to.  Fails with Untrusted.
[[nodiscard]] Status check_listener(const wire::Client& client);

}  // namespace stepup::pam_stepup
