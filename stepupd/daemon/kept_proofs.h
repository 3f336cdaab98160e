// SPDX-License-Identifier: ISC
// What a step-up leaves behind, and which of it is enough for a later request.
#pragma once

#include "stepupd/base/boot_time.h"
#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/request_facts.h"
#include "stepupd/daemon/step_up.h"
#include "stepupd/policy/decide.h"
#include "stepupd/wire/messages.h"

namespace stepup::daemon {

[[nodiscard]] bool is_ssh_login(const RequestFacts& facts, const wire::CheckRequest& request);

// Keeps what was proved for this request, as far as that and `demand` allow.
void keep_proof(Engine& engine, const Connection& connection, const RequestFacts& facts,
                const wire::CheckRequest& request, const policy::Demand& demand,
                const StepUpResult& proved);

// Why nobody need be asked, for the journal; null where nothing proved before is enough.  `decided`
// is what the grants come to.  Uses up what may be used once.
[[nodiscard]] const char* proof_at_hand(Engine& engine, const InForce& rules,
                                        const RequestFacts& facts,
                                        const wire::CheckRequest& request,
                                        const policy::Demand& demand,
                                        const policy::Decided& decided, BootTime now);

}  // namespace stepup::daemon
