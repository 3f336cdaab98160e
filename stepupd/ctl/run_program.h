// SPDX-License-Identifier: ISC
// Running one of the host's own programs.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>

#include "stepupd/base/result.h"

namespace stepup::ctl {

// Runs the program at the absolute path that is the first of `argv`, without input, in a clean
// environment, and returns what it wrote to standard output.  Fails with NotFound when there is no
// such program, TooLarge past `limit` bytes, and Internal when it ended with another status than 0.
[[nodiscard]] Result<std::string> output_of(std::initializer_list<const char*> argv,
                                            std::size_t limit);

}  // namespace stepup::ctl
