// SPDX-License-Identifier: ISC
#include "stepupd/policy/week_time.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace stepup::policy {
namespace {

using std::chrono::minutes;
constexpr minutes kDay = std::chrono::days(1);
constexpr minutes kFurthestZone = std::chrono::hours(14);
constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// Takes the text up to `separator` from the front of `text`, and that.
std::string_view take(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

std::optional<std::size_t> day_of(std::string_view text) {
  const auto* found = std::ranges::find(kDays, text);
  if (found == kDays.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kDays.begin());
}

// "mon-fri,sun"
std::optional<std::bitset<7>> parse_days(std::string_view text) {
  std::bitset<7> days;
  if (text.ends_with(',')) return std::nullopt;
  while (!text.empty()) {
    std::string_view range = take(text, ',');
    const bool is_range = range.contains('-');
    const auto first = day_of(take(range, '-'));
    const auto last = is_range ? day_of(range) : first;
    if (!first || !last) return std::nullopt;
    for (std::size_t day = *first;; day = (day + 1) % 7) {
      days.set(day);
      if (day == *last) break;
    }
  }
  return days;
}

// "08:00", up to "24:00"
std::optional<minutes> parse_clock(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t i) { return (text[i] - '0') * 10 + text[i + 1] - '0'; };
  const minutes clock = std::chrono::hours(number(0)) + minutes(number(3));
  if (number(3) > 59 || clock > kDay) return std::nullopt;
  return clock;
}

std::optional<minutes> parse_zone(std::string_view text) {
  if (text == "UTC") return minutes(0);
  if (!text.starts_with('+') && !text.starts_with('-')) return std::nullopt;
  const auto size = parse_clock(text.substr(1));
  if (!size || *size > kFurthestZone) return std::nullopt;
  return text[0] == '-' ? -*size : *size;
}

// "Europe/Berlin", "Etc/GMT+5".  It becomes part of a path, so it holds no dot.
bool names_a_zone(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '+' || c == '-';
  };
  return !text.empty() && text.front() >= 'A' && text.front() <= 'Z' &&
         std::ranges::all_of(text, fits);
}

bool parse_hours(std::string_view text, TimeWindow& window) {
  const auto from = parse_clock(take(text, '-'));
  const auto to = parse_clock(text);
  if (!from || !to || *from == kDay) return false;
  window.from = *from;
  window.to = *to > *from ? *to : *to + kDay;
  return true;
}

}  // namespace

bool TimeWindow::contains(const Moment& moment) const noexcept {
  const std::chrono::seconds since_1970(moment.unix_seconds);
  const std::chrono::seconds ahead = offset ? *offset
                                     : zone ? zone->offset_at(std::chrono::sys_seconds(since_1970))
                                            : moment.local_offset;
  const auto local = since_1970 + ahead;
  const auto today = std::chrono::floor<std::chrono::days>(local);
  const auto since_midnight = std::chrono::floor<minutes>(local - today);
  // 1970-01-01 was a Thursday.
  const auto weekday = static_cast<std::size_t>(((today.count() + 4) % 7 + 7) % 7);
  const auto holds = [&](std::size_t begun_on, minutes since) {
    return day.test(begun_on) && since >= from && since < to;
  };
  return holds(weekday, since_midnight) || holds((weekday + 6) % 7, since_midnight + kDay);
}

std::expected<TimeWindow, std::string> parse_time_window(std::string_view text,
                                                         const ZoneSource& zones,
                                                         MissingZone missing) {
  TimeWindow window;
  window.text = text;
  window.day.set();
  std::string_view rest = text;
  std::string_view part = take(rest, ' ');
  bool says_when = false;
  if (const auto days = parse_days(part); days && days->any()) {
    window.day = *days;
    part = take(rest, ' ');
    says_when = true;
  }
  if (parse_hours(part, window)) {
    part = take(rest, ' ');
    says_when = true;
  }
  window.offset = parse_zone(part);
  if (window.offset) {
    part = take(rest, ' ');
  } else if (says_when && names_a_zone(part)) {
    if (zones) window.zone = zones(std::string(part));
    window.zone_is_missing = !window.zone;
    if (window.zone_is_missing && missing == MissingZone::IsAnError) {
      return std::unexpected("names the time zone \"" + std::string(part) +
                             "\", which this host does not know (see /usr/share/zoneinfo, of the "
                             "package tzdata)");
    }
    part = take(rest, ' ');
  }
  if (!says_when || !part.empty() || !rest.empty() || text.ends_with(' ')) {
    return std::unexpected(
        R"(is no time of the week such as "mon-fri 08:00-18:00", "sat,sun" or "22:00-06:00 Europe/Berlin")");
  }
  return window;
}

}  // namespace stepup::policy
