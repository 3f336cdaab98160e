// SPDX-License-Identifier: ISC
// "explain": what the rules would ask for, and why.  The daemon's own reading and joining, without
// the daemon.
#pragma once

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/exit_code.h"

namespace stepup::ctl {

// Prints each rule with what becomes of its conditions, and the demand that is left.  With
// `as_json` all of that is one document.  What the command does not say is unknown.  Refused when
// the files, the time or a name cannot be read.
[[nodiscard]] ExitCode explain(const ExplainCommand& command, bool as_json);

}  // namespace stepup::ctl
