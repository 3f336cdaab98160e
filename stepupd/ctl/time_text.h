// SPDX-License-Identifier: ISC
// Times as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace stepup::ctl {

// "2026-11-24 19:40" in the local time zone (tzset(3)); "unknown" for a year that no calendar of
// the C library has.
[[nodiscard]] std::string local_time(std::int64_t unix_seconds);

// The same with its seconds.
[[nodiscard]] std::string local_time_to_the_second(std::int64_t unix_seconds);

// The two largest units, in the spelling of stepupd.conf(5): "42s", "3min 5s", "2h", "1d 3h".
[[nodiscard]] std::string duration(std::uint64_t seconds);

}  // namespace stepup::ctl
