// SPDX-License-Identifier: ISC
#include "stepupd/ctl/time_text.h"

#include <time.h>

namespace stepup::ctl {
namespace {

constexpr const char* kUnknown = "unknown";

}  // namespace

std::string local_time(std::int64_t unix_seconds) {
  const std::string text = local_time_to_the_second(unix_seconds);
  constexpr std::size_t kSeconds = 3;  // ":59"
  return text == kUnknown ? text : text.substr(0, text.size() - kSeconds);
}

std::string local_time_to_the_second(std::int64_t unix_seconds) {
  const time_t when = unix_seconds;
  struct tm local = {};
  if (localtime_r(&when, &local) == nullptr) return kUnknown;
  char text[64];
  const std::size_t size = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
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
