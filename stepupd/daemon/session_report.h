// SPDX-License-Identifier: ISC
// Logins and logouts, which the module reports and which never decide.
#pragma once

#include "stepupd/daemon/engine.h"
#include "stepupd/session/asker.h"
#include "stepupd/wire/messages.h"

namespace stepup::daemon {

// Takes note of a request of the phase "open session" or "close session".
void report_session(Engine& engine, const session::Asker& asker, const wire::CheckRequest& request);

}  // namespace stepup::daemon
