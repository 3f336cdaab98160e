// SPDX-License-Identifier: ISC
// One request on control.sock, from the first packet to the verdict.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/ctl/exit_code.h"
#include "stepupd/ctl/terminal.h"
#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/client.h"

namespace stepup::ctl {

// Says why nobody answers at `socket`, and what to do.
void complain_of_absence(const std::string& socket, const Error& why);

// A file that the daemon fetches piece by piece.
struct Upload {
  std::string name;  // for problems in it
  SecretBytes text;
  // What the daemon reports of it.
  std::size_t credentials = 0;
  std::size_t enrolled_already = 0;
};

// What is printed of a page of a long report.
using Pages = std::function<std::string(const wire::ActivityReport&)>;

// Whether the caller's ssh agent is handed over when the daemon asks for it.
enum class AgentUse : std::uint8_t { Never, WhenAsked };

// Relays between the daemon and the person until the verdict: prompts are asked on `terminal`,
// notices and refusals go to standard error, reports to standard output, as JSON if `as_json`.
// Takes no decision, and counts in `upload`. Returns how the program ends; whatever went wrong has
// been said. Requires that the request was sent through `client`, and block_ending_signals().
[[nodiscard]] ExitCode relay(wire::Client& client, const Terminal& terminal,
                             const std::string& socket, bool as_json = false,
                             Upload* upload = nullptr, const Pages& pages = {},
                             AgentUse agent = AgentUse::Never);

}  // namespace stepup::ctl
