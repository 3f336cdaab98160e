// SPDX-License-Identifier: ISC
// The ways to prove by a touch: of a security key that is plugged into this host, or of one behind
// an ssh agent (agent_step.h).
#pragma once

#include <cstdint>
#include <variant>

#include "stepupd/daemon/step_up.h"

namespace stepup::daemon {

// Instead of a touch: go on with a one-time code, whose first try may be typed already.
struct CodeInstead {
  std::optional<SecretBytes> typed;
  bool touch_left = false;  // one was asked for, and counts as unanswered unless the code is right
};
using TouchOutcome = std::variant<StepUpResult, CodeInstead>;

enum class TouchWay : std::uint8_t { PluggedIn, Agent };

// Asks for a touch once no other one of the subject's is outstanding, and for the PIN or
// fingerprint where order.level or the key demands it.  With `or_code` a one-time code is as good:
// of a key that is plugged in it is offered at the same prompt, and at once when none is at hand.
// Requires a standing with keys, or ssh_keys, that can meet order.level.
[[nodiscard]] Task<TouchOutcome> prove_by_touch(Engine& engine, Connection& connection,
                                                StepUpOrder order, Standing standing, TouchWay way,
                                                bool or_code);

}  // namespace stepup::daemon
