// SPDX-License-Identifier: ISC
// Reading files of bounded size.
#pragma once

#include <cstddef>
#include <string>

#include "stepupd/base/result.h"

namespace stepup {

// Reads all of the open file `fd`.  Fails with TooLarge past `limit` bytes: a longer file is never
// silently cut.
[[nodiscard]] Result<std::string> read_all(int fd, std::size_t limit);

// Opens `path` without following a final symlink and without blocking on a FIFO, and reads all of
// it.  Errors: NotFound only for ENOENT and ESRCH, so "unreadable" never passes for "absent".
[[nodiscard]] Result<std::string> read_small_file(const char* path, std::size_t limit);

}  // namespace stepup
