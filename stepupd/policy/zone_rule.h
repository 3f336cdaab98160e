// SPDX-License-Identifier: ISC
// The rule by which a place's clocks go on being changed: the TZ string of POSIX
// (tzset(3), and RFC 8536 section 3.3.1 for its longer times).  Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stepup::policy {

class ZoneRule {
 public:
  // Input is untrusted.  Reads "CET-1CEST,M3.5.0,M10.5.0/3" or "JST-9"; nothing for what is none,
  // and for summer time without the days on which it begins and ends.
  [[nodiscard]] static std::optional<ZoneRule> parse(std::string_view text);

  // How far the clocks are ahead of UTC at that moment.
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds when) const noexcept;

 private:
  // The day of a year on which, and the time since its midnight at which, the clocks are changed.
  struct Change {
    enum class Day : std::uint8_t {
      OfMonth,     // Mm.w.d: the week's weekday in the month; week 5 is the last one
      Julian,      // Jn: from 1, February 29 is never counted
      SinceFirst,  // n: from 0, February 29 is counted
    };
    Day kind = Day::OfMonth;
    unsigned month = 1;
    unsigned week = 1;
    unsigned day = 0;
    std::chrono::seconds time = std::chrono::hours(2);

    static std::optional<Change> take(std::string_view& text);
    [[nodiscard]] std::chrono::local_seconds in(std::chrono::year year) const noexcept;
  };
  struct Summer {
    std::chrono::seconds offset;
    Change begins;  // by the clock of standard time
    Change ends;    // by that of summer time
  };

  std::chrono::seconds standard_{};
  std::optional<Summer> summer_;
};

}  // namespace stepup::policy
