// SPDX-License-Identifier: ISC
// One ceremony: finds the keys, sets a thread on each, tells the daemon what is waited for, and
// says what came of it.
#pragma once

#include "stepupd/fido2_helper/operation.h"
#include "stepupd/fido2_helper/port.h"

namespace stepup::fido2_helper {

// Runs `operation` to its end, which it says at `port`.  Every key has stopped blinking by then.
void run_ceremony(const Operation& operation, Port& port);

}  // namespace stepup::fido2_helper
