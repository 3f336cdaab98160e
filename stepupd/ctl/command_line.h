// SPDX-License-Identifier: ISC
// The command line as one request.  The only code that knows CLI11.
#pragma once

#include <expected>
#include <string>
#include <variant>

#include "stepupd/ctl/exit_code.h"
#include "stepupd/wire/messages.h"

namespace stepup::ctl {

inline constexpr char kDefaultSocket[] = "/run/stepup/control.sock";

// Checks conf files; needs no daemon.
struct ConfigCheck {
  std::string directory;  // empty = the host's own files
  bool operator==(const ConfigCheck&) const = default;
};

using Command =
    std::variant<ConfigCheck, wire::StatusRequest, wire::ListRequest, wire::EnrollRequest,
                 wire::TicketRequest, wire::ResetRequest, wire::RemoveRequest, wire::VerifyRequest>;

struct CommandLine {
  std::string socket = kDefaultSocket;
  Command command;
  bool confirmed = false;  // reset --yes
};

// Why there is nothing to do: the help or version that was asked for (Done), or what is wrong with
// the command line (Usage).
struct Stop {
  ExitCode code = ExitCode::Usage;
  std::string text;  // printable, whole lines for Done
};

// Input is untrusted: a wrapper may pass another person's words.  Every limit of the wire is
// checked here, so that a request that is returned can be encoded.
[[nodiscard]] std::expected<CommandLine, Stop> parse_command_line(int argc,
                                                                  const char* const* argv);

}  // namespace stepup::ctl
