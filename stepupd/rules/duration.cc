// SPDX-License-Identifier: ISC
#include "stepupd/rules/duration.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

#include "stepupd/rules/rules.h"

namespace stepup::rules {
namespace {

struct Unit {
  const char* name;
  BootTime length;
};
constexpr Unit kUnits[] = {
    // the largest first
    {"d",   std::chrono::days(1)   },
    {"h",   std::chrono::hours(1)  },
    {"min", std::chrono::minutes(1)},
    {"s",   std::chrono::seconds(1)},
};

// Digits alone: from_chars would take a sign.
template <typename Number>
std::optional<Number> parse_digits(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<BootTime> parse_duration(std::string_view text) {
  if (text == "0") return BootTime::zero();
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_digits<std::int64_t>(text.substr(0, digits));
  const auto unit = std::ranges::find(kUnits, text.substr(digits), &Unit::name);
  if (!number || unit == std::end(kUnits)) return std::nullopt;
  if (*number > kMaxDuration / unit->length) return std::nullopt;
  return *number * unit->length;
}

std::optional<std::int64_t> parse_end_of_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_digits<int>(text.substr(0, 4));
  const auto month = parse_digits<unsigned>(text.substr(5, 2));
  const auto day = parse_digits<unsigned>(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_seconds end = std::chrono::sys_days(date) + std::chrono::days(1);
  return end.time_since_epoch().count();
}

std::string format_duration(BootTime duration) {
  if (duration == BootTime::zero()) return "0";
  for (const Unit& unit : kUnits) {
    if (duration % unit.length == BootTime::zero()) {
      return std::to_string(duration / unit.length) + unit.name;
    }
  }
  return std::to_string(duration.count()) + "ms";
}

}  // namespace stepup::rules
