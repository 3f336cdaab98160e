// SPDX-License-Identifier: ISC
#include "stepupd/policy/zone_rule.h"

#include <algorithm>
#include <charconv>

namespace stepup::policy {
namespace {

using std::chrono::seconds;

bool take_char(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<unsigned> take_number(std::string_view& text, unsigned least, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < least || number > most) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// "CEST", or anything between "<" and ">".
bool take_abbreviation(std::string_view& text) {
  const bool quoted = take_char(text, '<');
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const auto end =
      quoted ? std::ranges::find(text, '>') : std::ranges::find_if_not(text, is_letter);
  const auto size = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(size);
  return size > 0 && (!quoted || take_char(text, '>'));
}

// "2", "-1:30", "+03:00:00".
std::optional<seconds> take_time(std::string_view& text, unsigned most_hours) {
  const bool negative = take_char(text, '-');
  if (!negative) take_char(text, '+');
  const auto hours = take_number(text, 0, most_hours);
  if (!hours) return std::nullopt;
  seconds time = std::chrono::hours(*hours);
  for (const seconds unit : {seconds(60), seconds(1)}) {
    if (!take_char(text, ':')) break;
    const auto part = take_number(text, 0, 59);
    if (!part) return std::nullopt;
    time += *part * unit;
  }
  return negative ? -time : time;
}

// POSIX counts the time to be added to the clock's for UTC, which is positive in the west.
std::optional<seconds> take_offset(std::string_view& text) {
  const auto behind = take_time(text, 24);
  if (!behind) return std::nullopt;
  return -*behind;
}

}  // namespace

std::optional<ZoneRule::Change> ZoneRule::Change::take(std::string_view& text) {
  const auto take_into = [&](unsigned& number, unsigned least, unsigned most) {
    const auto taken = take_number(text, least, most);
    number = taken.value_or(0);
    return taken.has_value();
  };
  Change change;
  bool is_day = false;
  if (take_char(text, 'M')) {
    is_day = take_into(change.month, 1, 12) && take_char(text, '.') &&
             take_into(change.week, 1, 5) && take_char(text, '.') && take_into(change.day, 0, 6);
  } else if (take_char(text, 'J')) {
    change.kind = Day::Julian;
    is_day = take_into(change.day, 1, 365);
  } else {
    change.kind = Day::SinceFirst;
    is_day = take_into(change.day, 0, 365);
  }
  if (!is_day) return std::nullopt;
  if (take_char(text, '/')) {
    const auto time = take_time(text, 167);
    if (!time) return std::nullopt;
    change.time = *time;
  }
  return change;
}

std::chrono::local_seconds ZoneRule::Change::in(std::chrono::year year) const noexcept {
  using namespace std::chrono;
  const local_days first(year / January / 1);
  switch (kind) {
    case Day::OfMonth:
      return time + (week == 5 ? local_days(year / std::chrono::month(month) / weekday(day)[last])
                               : local_days(year / std::chrono::month(month) / weekday(day)[week]));
    case Day::Julian: return time + first + days(day - (year.is_leap() && day > 59 ? 0 : 1));
    case Day::SinceFirst: break;
  }
  return time + first + days(day);
}

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  ZoneRule rule;
  if (!take_abbreviation(text)) return std::nullopt;
  const auto standard = take_offset(text);
  if (!standard) return std::nullopt;
  rule.standard_ = *standard;
  if (text.empty()) return rule;

  if (!take_abbreviation(text)) return std::nullopt;
  auto summer = std::optional(*standard + std::chrono::hours(1));
  if (!text.starts_with(',')) summer = take_offset(text);
  if (!summer || !take_char(text, ',')) return std::nullopt;
  const auto begins = Change::take(text);
  if (!begins || !take_char(text, ',')) return std::nullopt;
  const auto ends = Change::take(text);
  if (!ends || !text.empty()) return std::nullopt;
  rule.summer_ = Summer{*summer, *begins, *ends};
  return rule;
}

seconds ZoneRule::offset_at(std::chrono::sys_seconds when) const noexcept {
  if (!summer_) return standard_;
  const std::chrono::local_seconds standard_time(when.time_since_epoch() + standard_);
  const auto year =
      std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(standard_time)).year();
  const seconds begins = summer_->begins.in(year).time_since_epoch() - standard_;
  const seconds ends = summer_->ends.in(year).time_since_epoch() - summer_->offset;
  const bool begun = when.time_since_epoch() >= begins;
  const bool ended = when.time_since_epoch() >= ends;
  // South of the equator the year begins in summer.
  return (begins < ends ? begun && !ended : begun || !ended) ? summer_->offset : standard_;
}

}  // namespace stepup::policy
