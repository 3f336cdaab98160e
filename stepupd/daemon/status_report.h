// SPDX-License-Identifier: ISC
// stepupctl status: what this session has proved, and which rules are in force.
#pragma once

#include "stepupd/daemon/engine.h"
#include "stepupd/session/asker.h"
#include "stepupd/wire/messages.h"

namespace stepup::daemon {

// For the process `asker` of user `uid`: the grants that reach it, every rule, and what a person
// should know about both.
[[nodiscard]] wire::StatusReport status_report(const Engine& engine, const session::Asker& asker,
                                               uid_t uid);

}  // namespace stepup::daemon
