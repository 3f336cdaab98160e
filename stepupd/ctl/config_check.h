// SPDX-License-Identifier: ISC
// "config check", "show", "diff" and "schema": the daemon's own reading of the files, without the
// daemon, but for what it has in force.
#pragma once

#include <string>

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/exit_code.h"
#include "stepupd/rules/check.h"

namespace stepup::ctl {

// Reads what stepupd would read.  Mistakes go to standard error, as "file:line:column: what" and
// the line with a caret; what was asked for goes to standard output.  A directory stands for
// /etc/stepup, and its owner does not matter, since files are checked before they are installed.
// With `as_json` all of that is one document on standard output.  Returns Refused when stepupd
// would refuse the files.
[[nodiscard]] ExitCode work_on_config(const ConfigCommand& command, const std::string& socket,
                                      bool as_json);

// The host's own files, or those of a directory in place of /etc/stepup.
[[nodiscard]] rules::Checked read_config(const std::string& directory);

// Says what is wrong with files that stepupd would refuse.  Returns Refused.
ExitCode complain_of(const rules::Checked& checked, bool as_json);

}  // namespace stepup::ctl
