// SPDX-License-Identifier: ISC
// "config check": the daemon's own reading of the files, without the daemon.
#pragma once

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/exit_code.h"

namespace stepup::ctl {

// Reads what stepupd would read.  Mistakes go to standard error, one a line as "file:line:column:
// what"; the rules go to standard output.  With a directory it stands for /etc/stepup, and its
// owner does not matter, since files are checked before they are installed.  With
// `as_json` all of that is one document on standard output.  Returns Refused when stepupd would
// refuse the files.
[[nodiscard]] ExitCode check_config(const ConfigCheck& check, bool as_json);

}  // namespace stepup::ctl
