// SPDX-License-Identifier: ISC
// What the command lines of sudo, su and doas ask for, by the grammar of each.  Pure.
//
// Whoever types such a line wants to be asked less, and programs of one name differ between
// versions: sudo and sudo-rs read most lines alike.  So a line is read only where all of them
// agree.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stepupd/policy/command.h"

namespace stepup::policy {

struct CommandLine {
  Command command;
  // Whose rights are taken, where the line names them.
  std::optional<std::string> target_user;
  std::optional<uid_t> target_uid;
  bool never_asks = false;      // sudo -n
  bool only_validates = false;  // sudo -v
};

// Input is untrusted: a user typed `argv`, whose first word is the program's name and as freely
// chosen.  An argv that was cut short is uncertain.
[[nodiscard]] CommandLine read_sudo_line(std::span<const std::string> argv, bool truncated);
[[nodiscard]] CommandLine read_su_line(std::span<const std::string> argv, bool truncated);
[[nodiscard]] CommandLine read_doas_line(std::span<const std::string> argv, bool truncated);

// Input is untrusted: what a user wants a shell to run.  The words of one command where it is
// plainly that, and otherwise a shell, which can do anything.
[[nodiscard]] Command read_shell_command(std::string_view text);

}  // namespace stepup::policy
