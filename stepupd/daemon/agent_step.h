// SPDX-License-Identifier: ISC
// The way to prove by a security key at the far end of ssh: in the agent of whoever called sudo, su
// or doas.
#pragma once

#include <string>

#include "stepupd/daemon/step_up.h"
#include "stepupd/daemon/touch_step.h"

namespace stepup::daemon {

// Has the module hand over the caller's agent, and asks that for a signature.  `code` is shown with
// the request for a touch.  With `or_code` a one-time code is as good, and is asked for when
// nothing comes of this.  Requires a standing with ssh_keys that can meet order.level, and that no
// other touch of the subject's is outstanding.
[[nodiscard]] Task<TouchOutcome> prove_by_agent(Engine& engine, Connection& connection,
                                                const StepUpOrder& order, Standing standing,
                                                bool or_code, std::string code);

}  // namespace stepup::daemon
