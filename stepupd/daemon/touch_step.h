// SPDX-License-Identifier: ISC
// The way to prove by a security key that is plugged into this host.
#pragma once

#include <variant>

#include "stepupd/daemon/step_up.h"

namespace stepup::daemon {

// Instead of a touch: go on with a one-time code, whose first try may be typed already.
struct CodeInstead {
  std::optional<SecretBytes> typed;
  bool touch_left = false;  // one was asked for, and counts as unanswered unless the code is right
};
using TouchOutcome = std::variant<StepUpResult, CodeInstead>;

// Asks for a touch, and for the PIN or fingerprint where order.level or the key demands it.  With
// `or_code` a one-time code is as good: it is offered at the same prompt, and at once when no key
// is at hand.  Requires a standing with keys that can meet order.level.
[[nodiscard]] Task<TouchOutcome> prove_by_touch(Engine& engine, Connection& connection,
                                                StepUpOrder order, Standing standing, bool or_code);

}  // namespace stepup::daemon
