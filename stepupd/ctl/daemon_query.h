// SPDX-License-Identifier: ISC
// One question to stepupd that asks nobody anything.
#pragma once

#include <string>

#include "stepupd/base/result.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/status_messages.h"

namespace stepup::ctl {

// Fails with Unreachable, TimedOut, Closed or Malformed when stepupd does not answer, and with
// Untrusted when it refuses.
[[nodiscard]] Result<wire::StatusReport> ask_status(const std::string& socket);
[[nodiscard]] Result<wire::CredentialList> ask_credentials(const std::string& socket,
                                                           const std::string& user);

[[nodiscard]] Result<wire::SessionList> ask_sessions(const std::string& socket);  // all, for root

}  // namespace stepup::ctl
