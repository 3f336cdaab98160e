// SPDX-License-Identifier: ISC
// The way to prove by a typed code: the prompts, up to three answers.
#pragma once

#include <optional>

#include "stepupd/daemon/step_up.h"

namespace stepup::daemon {

// Asks for a code.  `first`, if any, was typed already, at a prompt that offered a touch as well.
// Requires a standing that has a code.
[[nodiscard]] Task<StepUpResult> prove_by_code(Engine& engine, Connection& connection,
                                               StepUpOrder order, Standing standing,
                                               std::optional<SecretBytes> first);

}  // namespace stepup::daemon
