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

}  // namespace stepup
