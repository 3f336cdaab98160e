// SPDX-License-Identifier: ISC
#include "stepupd/ctl/time_text.h"

#include <time.h>

namespace stepup::ctl {

std::string local_time(std::int64_t unix_seconds) {
  const time_t when = unix_seconds;
  struct tm local = {};
  if (localtime_r(&when, &local) == nullptr) return "unknown";
  char text[64];
  const std::size_t size = strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return {text, size};
}

std::string duration(std::uint64_t seconds) {
  struct Unit {
    std::uint64_t seconds;
    const char* name;
  };
  constexpr Unit kUnits[] = {
      {86'400, "d"  },
      {3'600,  "h"  },
      {60,     "min"},
      {1,      "s"  }
  };
  std::string text;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const std::uint64_t count = seconds / unit.seconds;
    seconds %= unit.seconds;
    if (shown > 0) ++shown;  // the unit below the largest is the last, be it zero
    if (count > 0) {
      if (!text.empty()) text.push_back(' ');
      text.append(std::to_string(count)).append(unit.name);
      if (shown == 0) shown = 1;
    }
    if (shown == 2) break;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace stepup::ctl
