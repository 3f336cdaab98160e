// SPDX-License-Identifier: ISC
// How stepupctl ends: stepupctl(1), EXIT STATUS.
#pragma once

#include <cstdint>

namespace stepup::ctl {

enum class ExitCode : std::uint8_t {
  Done = 0,
  Refused = 1,      // stepupd said no, or the checked configuration has an error
  Usage = 2,        // the command line makes no sense
  Unavailable = 3,  // stepupd is absent, silent, of another version, or cannot decide
  LockedOut = 4,    // too many failures: the same command may work later
  Interrupted = 130,
};

}  // namespace stepup::ctl
