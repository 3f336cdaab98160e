// SPDX-License-Identifier: ISC
// The host's own time zone, by way of the C library.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace stepup {

// How far local time is ahead of UTC at that moment, summer time included; nothing for a moment
// that no calendar holds.  A zone that is changed counts from the next start of the process.
[[nodiscard]] std::optional<std::chrono::seconds> local_offset_at(std::int64_t unix_seconds);

// "2026-11-24 19:40 UTC"; "?" for a year that no calendar of the C library has.
[[nodiscard]] std::string utc_time(std::int64_t unix_seconds);

}  // namespace stepup
