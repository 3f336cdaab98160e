// SPDX-License-Identifier: ISC
#pragma once

#include "stepupd/base/result.h"

namespace stepup {

// Makes descriptors 0, 1 and 2 refer to something, so that no file of ours ever gets their number,
// and no library that closes or writes to them hits one.
[[nodiscard]] Status fill_standard_descriptors();

}  // namespace stepup
