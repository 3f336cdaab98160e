// SPDX-License-Identifier: ISC
// What the process gives up before it reads a byte that a security key has sent.
#pragma once

#include <string>
#include <vector>

#include "stepupd/base/result.h"

namespace stepup::fido2_helper {

// Landlock: files can be written only below /dev and beside the nodes `devices`, and read besides
// only where keys and their users are described (/sys, /run/udev, /proc).  seccomp: only the system
// calls that libfido2 and threads need.  Kernels without Landlock go without it; a filter that
// cannot be set is a failure.  Holds for every thread from then on.
[[nodiscard]] Status enter_sandbox(const std::vector<std::string>& devices);

}  // namespace stepup::fido2_helper
