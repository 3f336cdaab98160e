// SPDX-License-Identifier: ISC
// Durations and dates as the conf file writes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "stepupd/base/boot_time.h"

namespace stepup::rules {

inline constexpr BootTime kMaxDuration = std::chrono::days(365);

// "0", or digits and one of s, min, h, d: "90s", "15min".  Nothing for any other text, and for more
// than kMaxDuration.
[[nodiscard]] std::optional<BootTime> parse_duration(std::string_view text);

// "2026-12-31" (ISO 8601): the first second, in UTC, after that day.  Nothing for a day that does
// not exist.
[[nodiscard]] std::optional<std::int64_t> parse_end_of_day(std::string_view text);

}  // namespace stepup::rules
