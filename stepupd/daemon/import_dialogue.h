// SPDX-License-Identifier: ISC
// stepupctl import: root's, as the request table says.
#pragma once

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/task.h"
#include "stepupd/wire/import_messages.h"

namespace stepup::daemon {

// Takes the file piece by piece, reads it, looks its users up, stores it whole or not at all, and
// reports either what came of each credential or everything that is wrong.
[[nodiscard]] Task<wire::Verdict> import_dialogue(Engine& engine, Connection& connection,
                                                  wire::ImportRequest request);

}  // namespace stepup::daemon
