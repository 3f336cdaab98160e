// SPDX-License-Identifier: ISC
// stepupctl log: what was decided lately.
#pragma once

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/task.h"
#include "stepupd/wire/activity_messages.h"

namespace stepup::daemon {

// Root and the members of admin_group see everybody's, others their own.
[[nodiscard]] Task<wire::Verdict> log_dialogue(Engine& engine, Connection& connection,
                                               wire::LogRequest request);

}  // namespace stepup::daemon
