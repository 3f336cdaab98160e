// SPDX-License-Identifier: ISC
// The arguments of stepupctl, one on each line: a wrapper may pass another person's words.
// Property: whatever becomes a request can be encoded, so no limit of the wire is found only there;
// what is refused says why, in printable text.
#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "stepupd/ctl/command_line.h"
#include "tests/fuzz/check.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(fuzz::text_of(data, size));
  std::vector<const char*> words = {"stepupctl"};
  for (char *rest = text.data(), *end = rest + size; rest < end && words.size() < 20;) {
    words.push_back(rest);  // a word ends at its NUL
    rest = std::find(rest, end, '\n');
    *rest++ = '\0';  // the last one overwrites the string's own NUL
  }
  const auto line = ctl::parse_command_line(static_cast<int>(words.size()), words.data());
  if (!line) {
    fuzz::require(!line.error().text.empty(), "a refusal says why");
    fuzz::require(std::ranges::all_of(line.error().text,
                                      [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }),
                  "a refusal is printable");
    return 0;
  }
  std::visit(
      [](const auto& request) {
        if constexpr (requires { request.kType; }) {
          fuzz::require(wire::encode({}, request).has_value(), "a request can be encoded");
        }
      },
      line->command);
  return 0;
}
