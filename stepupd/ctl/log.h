// SPDX-License-Identifier: ISC
// stepupctl log.
#pragma once

#include <string>

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/dialogue.h"
#include "stepupd/ctl/exit_code.h"
#include "stepupd/wire/activity_messages.h"

namespace stepup::ctl {

// Prints what was decided, page by page, and with `command.follow` what is decided from then on,
// until a signal ends it.
[[nodiscard]] ExitCode show_log(const LogCommand& command, const std::string& socket, bool as_json);

// Shows `pages` each page of what was decided until now.  `request` goes on after the last of it.
[[nodiscard]] ExitCode read_log(wire::LogRequest& request, const std::string& socket, bool as_json,
                                const Pages& pages);

}  // namespace stepup::ctl
