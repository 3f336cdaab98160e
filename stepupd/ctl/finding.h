// SPDX-License-Identifier: ISC
// What doctor has to say.
#pragma once

#include <string>

namespace stepup::ctl {

struct Finding {
  std::string check;   // stable name of what was looked at: "pam-line", "clock"
  std::string what;    // not printable: it may quote files
  std::string why;     // it matters
  std::string remedy;  // what to do
  bool operator==(const Finding&) const = default;
};

}  // namespace stepup::ctl
