// SPDX-License-Identifier: ISC
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "stepupd/base/local_time.h"
#include "stepupd/policy/week_time.h"
#include "tests/unit/tzif.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::policy;

namespace {

// 2026-11-23 is a Monday; `after` its first minute, where local time is that of Berlin in winter.
Moment after_monday(std::chrono::minutes after) {
  constexpr std::int64_t kMonday = 1795392000;  // date -ud 2026-11-23 +%s
  return {kMonday + std::chrono::seconds(after).count() - 3600, 1h};
}

}  // namespace

TEST_GROUP(PolicyWeekTime){};

TEST(PolicyWeekTime, HoldsFromItsFirstMinuteUpToItsLast) {
  struct Case {
    const char* window;
    std::chrono::minutes when;  // since Monday 00:00, local time
    bool want;
  };
  const Case cases[] = {
      {"mon-fri 08:00-18:00", 8h,              true },
      {"mon-fri 08:00-18:00", 8h - 1min,       false},
      {"mon-fri 08:00-18:00", 18h - 1min,      true },
      {"mon-fri 08:00-18:00", 18h,             false},
      {"mon-fri 08:00-18:00", 5 * 24h + 9h,    false},
      {"08:00-18:00",         5 * 24h + 9h,    true },
      {"sat,sun",             5 * 24h,         true },
      {"sat,sun",             5 * 24h - 1min,  false},
      {"sat,sun",             7 * 24h - 1min,  true },
      {"sat,sun",             7 * 24h,         false},
      {"sat-mon",             0h,              true },
      {"sat-mon",             24h,             false},
      {"fri 22:00-06:00",     4 * 24h + 22h,   true },
      {"fri 22:00-06:00",     5 * 24h + 6h,    false},
      {"fri 22:00-06:00",     5 * 24h + 5h,    true },
      {"fri 22:00-06:00",     4 * 24h + 5h,    false},
      {"sun 22:00-06:00",     5h,              true }, // into the next week
      {"mon 00:00-24:00",     24h - 1min,      true },
      {"mon 08:00-08:00",     24h + 8h - 1min, true },
      {"mon 08:00-08:00",     24h + 8h,        false},
      {"08:00-09:00 UTC",     9h,              true },
      {"08:00-09:00 UTC",     8h,              false},
      {"08:00-09:00 +01:00",  8h,              true },
      {"08:00-09:00 -05:30",  14h + 30min,     true },
      {"mon 23:30-24:00 UTC", 24h + 45min,     true },
      {"tue -01:00",          24h + 1h,        false},
      {"tue -01:00",          24h + 2h,        true },
  };
  for (const Case& c : cases) {
    const auto window = parse_time_window(c.window);
    CHECK_TEXT(window.has_value(), c.window);
    CHECK_TEXT(window->contains(after_monday(c.when)) == c.want, c.window);
  }
  CHECK_TRUE(parse_time_window("wed")->contains({-24 * 3600, 0s}));  // 1969-12-31
}

TEST(PolicyWeekTime, RefusesWhatIsNoTimeOfTheWeek) {
  for (const char* text : {"",
                           " ",
                           "UTC",
                           "monday",
                           "mon-",
                           "mon,",
                           "mon  08:00-09:00",
                           "8:00-9:00",
                           "08:00",
                           "08:60-09:00",
                           "24:00-25:00",
                           "08:00-24:01",
                           "08:00-09:00 CET",
                           "08:00-09:00 UTC CET",
                           "08:00-09:00 +15:00",
                           "08:00-09:00 mon",
                           "mon 08:00-09:00 ",
                           "mon 08:00-09:00 UTC x",
                           "08:00-09:00-10:00",
                           "Mon",
                           "mon -1:00"}) {
    CHECK_FALSE_TEXT(parse_time_window(text).has_value(), text);
  }
}

TEST(PolicyWeekTime, FollowsTheClockChangesOfAZoneThatIsNamed) {
  const auto berlin = std::make_shared<const TimeZone>(
      TimeZone::parse(tzif_of_rule("CET-1CEST,M3.5.0,M10.5.0/3")).value());
  const auto zones = [&](const std::string& name) {
    return name == "Europe/Berlin" ? berlin : nullptr;
  };
  const auto window = parse_time_window("mon-fri 08:00-18:00 Europe/Berlin", zones);
  CHECK_TRUE(window.has_value());
  constexpr std::int64_t kMondayInWinter = 1795392000, kMondayInSummer = 1782691200;
  const auto holds = [&](std::int64_t day, std::chrono::minutes utc) {
    return window->contains({day + std::chrono::seconds(utc).count(), 5h});
  };
  CHECK_FALSE(holds(kMondayInWinter, 7h - 1min));
  CHECK_TRUE(holds(kMondayInWinter, 7h));
  CHECK_FALSE(holds(kMondayInSummer, 6h - 1min));
  CHECK_TRUE(holds(kMondayInSummer, 6h));
  CHECK_FALSE(holds(kMondayInSummer, 16h));
}

TEST(PolicyWeekTime, NamesTheZoneThatItDoesNotKnow) {
  for (const char* text : {"mon-fri 08:00-18:00 Europe/Berlin", "sat,sun America/New_York"}) {
    STRCMP_CONTAINS("names the time zone \"", parse_time_window(text).error().c_str());
    STRCMP_CONTAINS("package tzdata", parse_time_window(text).error().c_str());
  }
}

TEST(PolicyWeekTime, LooksForNoZoneWhoseNameIsNone) {
  const auto zones = [](const std::string&) -> std::shared_ptr<const TimeZone> {
    FAIL("looked for");
    return nullptr;
  };
  for (const char* text : {"sat,sun x", "sat,sun ../Berlin", "sat,sun /etc/localtime",
                           "sat,sun Europe/../Berlin", "Europe/Berlin"}) {
    STRCMP_CONTAINS("is no time of the week", parse_time_window(text, zones).error().c_str());
  }
}

TEST(PolicyWeekTime, LocalTimeFollowsTheClockChange) {
  // Of whatever zone this host has: in it, what the C library says at noon is 12:00.
  for (const std::int64_t when : {1795392000L, 1780000000L}) {
    const auto offset = local_offset_at(when);
    CHECK_TRUE(offset.has_value());
    CHECK_TRUE(*offset >= -14h && *offset <= 14h);
  }
}
