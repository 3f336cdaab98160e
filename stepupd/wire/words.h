// SPDX-License-Identifier: ISC
// The words for every MessageId, in one file, for the module and stepupctl.
#pragma once

#include <string>

#include "stepupd/wire/messages.h"

namespace stepup::wire {

// The sentence for `message`, its arguments made printable; empty for None.  A prompt ends in ": ".
[[nodiscard]] std::string sentence(const Words& message);

}  // namespace stepup::wire
