// SPDX-License-Identifier: ISC
// The sentences that people read, in their language, for the module and stepupctl.
#pragma once

#include <string>

#include "stepupd/wire/messages.h"

namespace stepup::wire {

// The sentence for `message`, in UTF-8, its arguments made printable ASCII; empty for None.  No
// byte of it is a control character, not even to a terminal that does not read UTF-8.  A prompt
// ends in
// ": ".
[[nodiscard]] std::string sentence(const Words& message);

}  // namespace stepup::wire
