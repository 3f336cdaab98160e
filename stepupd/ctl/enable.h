// SPDX-License-Identifier: ISC
// stepupctl enable and disable: our line in the PAM files of a service, and out of them again.
#pragma once

#include <string>

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/exit_code.h"

namespace stepup::ctl {

// Shows what would change, makes sure that nobody is shut out by it, and changes it.  Whatever
// stands in the way is said, and then nothing was written.
[[nodiscard]] ExitCode enable(const EnableCommand& command, const std::string& socket);

// Takes out our blocks, and copies of the vendor's files that are unchanged but for them.  Refused
// when a file keeps a line of pam_stepup that somebody else wrote: then the module must stay.
[[nodiscard]] ExitCode disable(const DisableCommand& command);

}  // namespace stepup::ctl
