// SPDX-License-Identifier: ISC
// The caller's own ssh agent, for stepupctl gate: ssh_sk of stepupd.conf(5).
#pragma once

#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/messages.h"

namespace stepup::ctl {

struct AgentConnection {
  wire::AgentOutcome outcome = wire::AgentOutcome::Absent;
  UniqueFd fd;  // with Connected, and only then
};

// Connects to the agent that SSH_AUTH_SOCK names, with the caller's rights, which are all that this
// program has; stepupd looks at what comes.  Never waits for one that does not answer.
[[nodiscard]] AgentConnection connect_to_agent();

}  // namespace stepup::ctl
