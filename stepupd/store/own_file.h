// SPDX-License-Identifier: ISC
// Files that nobody but this process's user may touch.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::store {

// Opens the directory `path`.  Fails with NotFound when it is missing, Untrusted when it is a
// symbolic link, belongs to another user or others may enter it.
[[nodiscard]] Result<UniqueFd> open_own_directory(const std::string& path);

// Looks at `name` in `directory` without following a link.  Fails with NotFound when it is missing,
// Untrusted when it is anything but a regular file with one name, owned by this user, that nobody
// else may read or write: whoever planted it could read the keys or take back a used code.
[[nodiscard]] Result<struct stat> look_at_own_file(int directory, const char* name);

// The same for an open file.
[[nodiscard]] Status require_own_file(int fd);

// Makes the empty file `name` in `directory` with mode 0600, whatever the umask is.  Fails with
// Storage, also when it exists.
[[nodiscard]] Result<UniqueFd> make_own_file(int directory, const char* name);

}  // namespace stepup::store
