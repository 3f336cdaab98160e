// SPDX-License-Identifier: ISC
// The host's own time zone, by way of the C library.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace stepup {

// How far local time is ahead of UTC at that moment, summer time included; nothing for a moment
// that no calendar holds.  A zone that is changed counts from the next start of the process.
[[nodiscard]] std::optional<std::chrono::seconds> local_offset_at(std::int64_t unix_seconds);

}  // namespace stepup
