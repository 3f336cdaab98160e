// SPDX-License-Identifier: ISC
// stepupctl status: what this session has proved, and which rules are in force.
#pragma once

#include <sys/types.h>

#include <string>

#include "stepupd/daemon/engine.h"
#include "stepupd/session/asker.h"
#include "stepupd/wire/status_messages.h"

namespace stepup::daemon {

// "pts/0", or "terminal 4:1" for one that is no pseudo-terminal.  Requires a terminal.
[[nodiscard]] std::string terminal_name(dev_t tty);

// Whole seconds, and none where `now` is before.
[[nodiscard]] std::uint64_t seconds_between(BootTime since, BootTime now);

// For the process `asker` of user `uid`: the grants that reach it, every rule, and what a person
// should know about both.  `trouble`: what is wrong with the store, or empty.
[[nodiscard]] wire::StatusReport status_report(const Engine& engine, const session::Asker& asker,
                                               uid_t uid, const std::string& trouble = "");

}  // namespace stepup::daemon
