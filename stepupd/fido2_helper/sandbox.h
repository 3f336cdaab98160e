// SPDX-License-Identifier: ISC
// What the process gives up before it reads a byte that a security key has sent.
#pragma once

#include "stepupd/base/result.h"

namespace stepup::fido2_helper {

// Landlock: files can be written only below /dev, and read besides only where keys and their users
// are described (/sys, /run/udev, /proc).  seccomp: only the system calls that libfido2 and threads
// need; no program is started, no socket made, no other process touched.  Where there is no
// Landlock it goes without; a filter that cannot be set is a failure.  Holds for every thread from
// then on.
[[nodiscard]] Status enter_sandbox();

}  // namespace stepup::fido2_helper
