// SPDX-License-Identifier: ISC
// The command that is asked for, as far as it can be read, and what rules say of commands.  A
// convenience and no boundary: a copy of a shell is another command.  Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/policy/holds.h"

namespace stepup::policy {

struct Command {
  enum class Reading : std::uint8_t {
    None,       // this program runs none: a login
    Uncertain,  // it may be any
    Shell,      // one that can run any
    Name,       // the one in words[0], without path and arguments: a record of what was run
    Words,      // `words`
  };
  Reading reading = Reading::Uncertain;
  std::vector<std::string> words;  // the command's name or path, as it was typed, and its arguments
  bool may_be_excepted = false;    // nothing else on the line changes what the words do
  bool program_is_safe = false;    // root alone can change the file words[0] and the way to it
  bool operator==(const Command&) const = default;
};

// "/usr/bin/psql *": the words of a command, each compared with one word of it.  A * stands for any
// letters but the slash, and as the last word for any words.
struct CommandPattern {
  std::string text;  // as it was written
  std::vector<std::string> words;
  bool operator==(const CommandPattern&) const = default;
};

// The error says what is wrong with `text`.
[[nodiscard]] std::expected<CommandPattern, std::string> parse_command_pattern(
    std::string_view text);

// For `command`.  When in doubt it is the command: a pattern of one word takes all arguments, and a
// name without a path is that of any program of this name.
[[nodiscard]] Holds is_command(const CommandPattern& pattern, const Command& command);

// For `except_command`.  When in doubt it is not: a pattern of one word takes no arguments, a * no
// option and no way upwards, and the program must stand there by its path.
[[nodiscard]] Holds is_excepted(const CommandPattern& pattern, const Command& command);

// Whether the path can be compared by its letters: absolute, and without "." and ".." and "//".
[[nodiscard]] bool is_plain_path(std::string_view path);

// /bin and /sbin are links to those of /usr.
[[nodiscard]] std::string folded(std::string_view path);

}  // namespace stepup::policy
