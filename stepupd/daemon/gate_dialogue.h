// SPDX-License-Identifier: ISC
// stepupctl gate: may this command, over an SSH connection that is open, go on?  sshd calls PAM
// once for a connection, so nothing else asks for its further channels.
#pragma once

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/control_dialogue.h"
#include "stepupd/daemon/request_facts.h"
#include "stepupd/wire/grant_messages.h"

namespace stepup::daemon {

// The service that rules name.
inline constexpr char kSshCommand[] = "ssh-command";

// The request as one of a PAM module: `subject` is who asks, as the kernel says.
[[nodiscard]] wire::CheckRequest as_check(const wire::GateRequest& request, const Subject& subject,
                                          const session::Asker& asker);

// What it means.  Unlike a login it comes out of a session, so that what the session has proved
// counts; and unlike sudo's caller, root is asked as everybody is.
[[nodiscard]] Result<RequestFacts> gate_facts(const wire::CheckRequest& check,
                                              const session::Asker& asker);

[[nodiscard]] Task<wire::Verdict> gate_dialogue(Engine& engine, Connection& connection,
                                                session::Asker asker, wire::GateRequest request);

}  // namespace stepup::daemon
