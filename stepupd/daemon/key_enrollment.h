// SPDX-License-Identifier: ISC
// A new security key: the key makes a credential, and what it made is judged.
#pragma once

#include <optional>

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/control_dialogue.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/pending_credentials.h"
#include "stepupd/daemon/task.h"
#include "stepupd/wire/credential_messages.h"

namespace stepup::daemon {

// Has the key make a credential for `pending`, whose label is settled, and proves it.  Returns the
// refusal, or nothing.
[[nodiscard]] Task<std::optional<wire::Verdict>> make_key_credential(Engine& engine,
                                                                     Connection& connection,
                                                                     Target target,
                                                                     wire::EnrollRequest request,
                                                                     PendingAuthenticator& pending);

}  // namespace stepup::daemon
