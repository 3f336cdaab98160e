// SPDX-License-Identifier: ISC
// stepupctl log.
#pragma once

#include <string>

#include "stepupd/ctl/command_line.h"
#include "stepupd/ctl/exit_code.h"

namespace stepup::ctl {

// Prints what was decided, page by page, and with `command.follow` what is decided from then on,
// until a signal ends it.
[[nodiscard]] ExitCode show_log(const LogCommand& command, const std::string& socket, bool as_json);

}  // namespace stepup::ctl
