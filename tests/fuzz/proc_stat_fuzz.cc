// SPDX-License-Identifier: ISC
// /proc/PID/stat, whose command name a user chooses.
// Property: what follows the last ')' decides alone, so the command name, whatever it holds,
// changes nothing (CVE-2017-1000367).
#include <string>

#include "stepupd/session/proc_text.h"
#include "tests/fuzz/check.h"

using namespace stepup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto stat = session::parse_stat(text);
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string_view::npos) {
    fuzz::require(!stat, "a stat without a name is refused");
    return 0;
  }
  const std::string tail(text.substr(end_of_name));
  for (const char* name :
       {"1 (sh", "1 (a) R 1 1 1 34816 1 0 0 0 0 0 0 0 0 0 0 0 0 0 7", "1 (\n) S 0"}) {
    const auto other = session::parse_stat(name + tail);
    fuzz::require(other.has_value() == stat.has_value(),
                  "the name does not decide what is refused");
    if (stat) fuzz::require(*other == *stat, "the name changes nothing");
  }
  return 0;
}
