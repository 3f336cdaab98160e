// SPDX-License-Identifier: ISC
// stepupctl rehearse.
#pragma once

#include <string>

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/exit_code.h"

namespace stepup::ctl {

// Prints what the rules of a directory would have asked for of those whose decisions the daemon
// shows to the caller.  Refused when the files cannot be taken.
[[nodiscard]] ExitCode rehearse_rules(const RehearseCommand& command, const std::string& socket,
                                      bool as_json);

}  // namespace stepup::ctl
