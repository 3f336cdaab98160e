// SPDX-License-Identifier: ISC
// The only place that turns what happened into a PAM code (pam_stepup(8), PAM RETURN CODES).
#pragma once

#include <cstdint>

#include "stepupd/wire/messages.h"

namespace stepup::pam_stepup {

// Why there is no verdict to act on.
enum class Failure : std::uint8_t {
  DaemonAbsent,        // nobody listens, nobody answers in time, or the daemon left
  DaemonUntrusted,     // what listens is not root's, or speaks another language
  ConversationFailed,  // the application cannot prompt
  Interrupted,         // a signal that ends the program is pending
  BadOption,
  Internal,
};

// The code for a verdict in `phase`, which is Auth or Account.  Granted is the only way to
// PAM_SUCCESS, but for NotRequired in the account phase.
[[nodiscard]] int to_pam(wire::VerdictCode verdict, wire::Phase phase) noexcept;

// The code for a failure in `phase`, which is Auth or Account.  Neither PAM_SUCCESS nor PAM_IGNORE
// is ever among them: PAM_IGNORE would take this factor out of the stack.
[[nodiscard]] int to_pam(Failure failure, wire::Phase phase) noexcept;

}  // namespace stepup::pam_stepup
