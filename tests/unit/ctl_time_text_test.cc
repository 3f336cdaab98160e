// SPDX-License-Identifier: ISC
#include "stepupd/ctl/time_text.h"

#include <stdlib.h>
#include <time.h>

#include <cstdint>
#include <limits>
#include <string>

#include <CppUTest/TestHarness.h>

using stepup::ctl::duration;
using stepup::ctl::local_time;

TEST_GROUP(CtlTimeText) {
  void setup() override {
    const char* const zone = getenv("TZ");
    had_zone_ = zone != nullptr;
    if (had_zone_) zone_ = zone;
  }
  void teardown() override {
    if (had_zone_) {
      setenv("TZ", zone_.c_str(), 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
    zone_ = std::string();
  }

  bool had_zone_ = false;
  std::string zone_;
};

TEST(CtlTimeText, WritesTimesInTheLocalZone) {
  const struct {
    const char* zone;
    std::int64_t when;
    const char* want;
  } kCases[] = {
      {"UTC0",  0,                                        "1970-01-01 00:00"},
      {"UTC0",  1'795'635'659,                            "2026-11-25 19:40"},
      {"XXX-2", 1'795'635'659,                            "2026-11-25 21:40"},
      {"UTC0",  -1,                                       "1969-12-31 23:59"},
      {"UTC0",  std::numeric_limits<std::int64_t>::max(), "unknown"         },
      {"UTC0",  std::numeric_limits<std::int64_t>::min(), "unknown"         },
  };
  for (const auto& c : kCases) {
    setenv("TZ", c.zone, 1);
    tzset();
    STRCMP_EQUAL(c.want, local_time(c.when).c_str());
  }
}

TEST(CtlTimeText, WritesDurationsInTheirTwoLargestUnits) {
  const struct {
    std::uint64_t seconds;
    const char* want;
  } kCases[] = {
      {0,                                         "0s"                 },
      {59,                                        "59s"                },
      {60,                                        "1min"               },
      {61,                                        "1min 1s"            },
      {3'599,                                     "59min 59s"          },
      {3'600,                                     "1h"                 },
      {3'659,                                     "1h"                 },
      {3'660,                                     "1h 1min"            },
      {86'399,                                    "23h 59min"          },
      {86'400,                                    "1d"                 },
      {86'460,                                    "1d"                 },
      {90'000,                                    "1d 1h"              },
      {std::numeric_limits<std::uint64_t>::max(), "213503982334601d 7h"},
  };
  for (const auto& c : kCases) STRCMP_EQUAL(c.want, duration(c.seconds).c_str());
}
