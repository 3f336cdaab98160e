// SPDX-License-Identifier: ISC
// stepupctl sessions and revoke: which grants live, and forgetting them.
#pragma once

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/task.h"
#include "stepupd/session/asker.h"
#include "stepupd/wire/grant_messages.h"

namespace stepup::daemon {

// Root sees everybody's grants, others their own.
[[nodiscard]] Task<wire::Verdict> sessions_dialogue(Engine& engine, Connection& connection,
                                                    wire::SessionsRequest request);

// Root forgets anybody's grants, others their own, and without a proof: who has less needs no more
// rights for it.  What was forgotten stays forgotten from before the verdict on.
[[nodiscard]] Task<wire::Verdict> revoke_dialogue(Engine& engine, Connection& connection,
                                                  wire::RevokeRequest request);

}  // namespace stepup::daemon
