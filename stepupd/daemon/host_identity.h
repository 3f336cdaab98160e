// SPDX-License-Identifier: ISC
// What tells this host from every other.
#pragma once

#include <string>

#include "stepupd/base/result.h"

namespace stepup::daemon {

// The relying party of a host whose administrator named none: "stepup:" and 32 hexadecimal digits
// that follow from the machine id and do not tell it (machine-id(5)).  Stays the same for as long
// as the machine id does.  Fails with NotFound when the host has none.
[[nodiscard]] Result<std::string> default_rp_id();

}  // namespace stepup::daemon
