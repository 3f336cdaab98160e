// SPDX-License-Identifier: ISC
// stepupctl gate: stands between sshd and the command of a channel, as ForceCommand.
#pragma once

#include <string>

#include "stepupd/ctl/exit_code.h"
#include "stepupd/wire/grant_messages.h"

namespace stepup::ctl {

// The command that sshd was asked for; empty for a login shell.  Untrusted: a hint.
[[nodiscard]] std::string gated_command();

// Refused, with words, for a command that could not be run even if stepupd allowed it.
[[nodiscard]] ExitCode may_pass(const std::string& command);

// What stepupd is told of it.
[[nodiscard]] wire::GateRequest gate_request(const std::string& command);

// Becomes what sshd would have run without a ForceCommand: the caller's shell with `command`, or a
// login shell.  Nothing of this program stays, so standard streams, signals and the exit status are
// those of the command.  Returns only when it cannot; that has been said.
[[nodiscard]] ExitCode become(const std::string& command);

}  // namespace stepup::ctl
