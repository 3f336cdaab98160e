// SPDX-License-Identifier: ISC
// stepupctl enroll: a new authenticator, or new recovery codes, with their proofs.
#pragma once

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/task.h"
#include "stepupd/session/asker.h"
#include "stepupd/wire/credential_messages.h"

namespace stepup::daemon {

[[nodiscard]] Task<wire::Verdict> enroll_dialogue(Engine& engine, Connection& connection,
                                                  session::Asker asker,
                                                  wire::EnrollRequest request);

}  // namespace stepup::daemon
