// SPDX-License-Identifier: ISC
// Times of the week: "mon-fri 08:00-18:00", "sat,sun", "22:00-06:00 Europe/Berlin".  Pure.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stepupd/policy/time_zone.h"

namespace stepup::policy {

// A moment, and how far the host's own time is ahead of UTC in it, summer time included.
struct Moment {
  std::int64_t unix_seconds = 0;
  std::chrono::seconds local_offset{};
};

struct TimeWindow {
  std::string text;    // as it was written
  std::bitset<7> day;  // on which it begins; 0 is Sunday
  std::chrono::minutes from{};
  std::chrono::minutes to = std::chrono::days(1);  // past `from`, and so perhaps on the next day
  std::optional<std::chrono::minutes> offset;      // from UTC
  std::shared_ptr<const TimeZone> zone;            // with neither: the host's own time
  bool zone_is_missing = false;  // the one that is named: then nobody can tell what it contains

  // Whether both were written alike: what a zone's name stands for may change.
  bool operator==(const TimeWindow& other) const { return text == other.text; }

  // From its first minute, up to and without its last.
  [[nodiscard]] bool contains(const Moment& moment) const noexcept;
};

// The zone of a name as the tz database has them, such as "Europe/Berlin", that holds no dot;
// nullptr: none is known, as without a function.
using ZoneSource = std::function<std::shared_ptr<const TimeZone>(const std::string& name)>;

// A zone goes missing when its package does, or gives it another name.
enum class MissingZone : std::uint8_t { IsAnError, IsKept };

// [days] [HH:MM-HH:MM] [UTC | +HH:MM | -HH:MM | zone], parted by single spaces, with one of the
// first two at least.  A window that ends when it begins, or before, ends on the next day.  The
// error says what is wrong with `text`.
[[nodiscard]] std::expected<TimeWindow, std::string> parse_time_window(
    std::string_view text, const ZoneSource& zones = {},
    MissingZone missing = MissingZone::IsAnError);

}  // namespace stepup::policy
