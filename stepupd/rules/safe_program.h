// SPDX-License-Identifier: ISC
// Whether a program is what its path says.
#pragma once

#include <string>

namespace stepup::rules {

// Whether the file at the absolute `path` and every directory above it belong to root, who alone
// may write to them, with no symbolic link on the way but /bin and /sbin.
[[nodiscard]] bool is_safe_program(const std::string& path);

}  // namespace stepup::rules
