// SPDX-License-Identifier: ISC
// Makes foreign text fit for a terminal, a log line or a prompt.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stepup {

// Input is untrusted: user names, commands, hosts.  Returns printable ASCII of at most
// max(limit, 4) bytes: every other byte becomes \xHH (so no escape sequence, newline or
// right-to-left mark reaches a terminal), and what does not fit ends in "...".
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 256);

// The same, but leaves UTF-8 as it is where it shows as letters and signs.  Not what is a control
// character, turns the direction of writing, is invisible, or has no meaning but a private one. For
// what an administrator wrote: a terminal that does not read UTF-8 may make nonsense of it.
[[nodiscard]] std::string readable(std::string_view text, std::size_t limit = 256);

// Length of the UTF-8 sequence (RFC 3629) that `text`, which is not empty, begins with; 0 when it
// begins with none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace stepup
