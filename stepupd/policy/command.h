// SPDX-License-Identifier: ISC
// The command that is asked for, as far as it can be read, and what rules say of commands.  Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace stepup::policy {

struct Command {
  enum class Reading : std::uint8_t {
    None,       // this program runs none: a login
    Uncertain,  // it may be any
  };
  Reading reading = Reading::Uncertain;
  bool operator==(const Command&) const = default;
};

// "/usr/bin/psql *": the words of a command, each compared with one word of it.
struct CommandPattern {
  std::string text;  // as it was written
  std::vector<std::string> words;
  bool operator==(const CommandPattern&) const = default;
};

// The error says what is wrong with `text`.
[[nodiscard]] std::expected<CommandPattern, std::string> parse_command_pattern(
    std::string_view text);

}  // namespace stepup::policy
