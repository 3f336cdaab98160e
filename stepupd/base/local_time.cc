// SPDX-License-Identifier: ISC
#include "stepupd/base/local_time.h"

#include <time.h>

namespace stepup {

std::optional<std::chrono::seconds> local_offset_at(std::int64_t unix_seconds) {
  const time_t when = unix_seconds;
  tm local{};
  if (localtime_r(&when, &local) == nullptr) return std::nullopt;
  return std::chrono::seconds(local.tm_gmtoff);
}

std::string utc_time(std::int64_t unix_seconds) {
  const time_t when = unix_seconds;
  tm broken{};
  char text[32] = "?";
  if (gmtime_r(&when, &broken) != nullptr) {
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &broken);
  }
  return text;
}

}  // namespace stepup
