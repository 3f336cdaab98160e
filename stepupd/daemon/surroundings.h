// SPDX-License-Identifier: ISC
// What a decision depends on besides the request and its sender: the host, the hour, and where the
// person came from.
#pragma once

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/request_facts.h"
#include "stepupd/session/asker.h"
#include "stepupd/wire/messages.h"

namespace stepup::daemon {

// As far as the rules in force may ask for it.
[[nodiscard]] Surroundings surroundings_of(const Engine& engine, const Connection& connection,
                                           const session::Asker& asker,
                                           const wire::CheckRequest& request);

// Whether nobody but root could have changed the program.  Only a path that some exception names is
// looked at: any other may lie on a file system that hangs.
void look_at_program(const InForce& rules, policy::Command& command);

}  // namespace stepup::daemon
