// SPDX-License-Identifier: ISC
// Who else has a security key open.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace stepup::fido2_helper {

// The process that holds the flock(2) on `file`, from the text of /proc/locks (proc(5)).  Nothing
// when it is none, or one that is not to be seen from here.
[[nodiscard]] std::optional<pid_t> flock_holder(std::string_view locks, dev_t device, ino_t inode);

inline constexpr const char* kSomeProgram = "another program";

// "gnome-shell (pid 1234)", or kSomeProgram when the holder cannot be told.
[[nodiscard]] std::string holder_of(const struct stat& file);

}  // namespace stepup::fido2_helper
