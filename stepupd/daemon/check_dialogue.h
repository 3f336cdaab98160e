// SPDX-License-Identifier: ISC
// The module's question: may this PAM transaction go on?
#pragma once

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/request_facts.h"
#include "stepupd/daemon/task.h"
#include "stepupd/session/asker.h"

namespace stepup::daemon {

// Decides, asks for what is missing, records the decision, answers.
[[nodiscard]] Task<wire::Verdict> check_dialogue(Engine& engine, Connection& connection,
                                                 session::Asker asker, wire::CheckRequest request);

// The same, once it is known whose factor counts where.
[[nodiscard]] Task<wire::Verdict> decision_dialogue(Engine& engine, Connection& connection,
                                                    session::Asker asker,
                                                    wire::CheckRequest request, RequestFacts facts);

}  // namespace stepup::daemon
