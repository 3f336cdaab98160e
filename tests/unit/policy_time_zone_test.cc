// SPDX-License-Identifier: ISC
#include <time.h>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "stepupd/policy/time_zone.h"
#include "stepupd/rules/zone_files.h"
#include "tests/unit/tzif.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::policy;

namespace {

std::chrono::sys_seconds at(std::int64_t unix_seconds) {
  return std::chrono::sys_seconds(std::chrono::seconds(unix_seconds));
}

// The C library's own reading of a TZ variable.
class CLibraryZone {
 public:
  explicit CLibraryZone(const std::string& tz) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", tz.c_str(), 1);
    tzset();
  }
  CLibraryZone(const CLibraryZone&) = delete;
  CLibraryZone& operator=(const CLibraryZone&) = delete;
  ~CLibraryZone() {
    before_.empty() ? unsetenv("TZ") : setenv("TZ", before_.c_str(), 1);
    tzset();
  }
  [[nodiscard]] static std::chrono::seconds offset_at(time_t when) {
    tm local{};
    localtime_r(&when, &local);
    return std::chrono::seconds(local.tm_gmtoff);
  }

 private:
  std::string before_;
};

constexpr std::int64_t kYear2000 = 946684800, kYear2100 = 4102444800;

}  // namespace

TEST_GROUP(PolicyTimeZone){};

TEST(PolicyTimeZone, ARuleGivesWhatTheCLibraryReadsInIt) {
  constexpr std::int64_t kStep = 86400 + 37 * 60;  // every time of the day
  for (const char* rule : {"JST-9", "<-03>3", "<+0530>-5:30", "CET-1CEST,M3.5.0,M10.5.0/3",
                           "IST-1GMT0,M10.5.0,M3.5.0/1", "NZST-12NZDT,M9.5.0,M4.1.0/3",
                           "EET-2EEST,M3.4.4/50,M10.4.4/50", "EST5EDT,M3.2.0,M11.1.0",
                           "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "AAA-3:30BBB,J60,J300/1:30",
                           "AAA3BBB2,59/0,300/23:59:59"}) {
    const auto zone = TimeZone::parse(tzif_of_rule(rule));
    CHECK_TEXT(zone.has_value(), rule);
    const CLibraryZone reference(rule);
    for (std::int64_t when = kYear2000; when < kYear2000 + 4000 * kStep; when += kStep) {
      CHECK_EQUAL_TEXT(CLibraryZone::offset_at(when).count(), zone->offset_at(at(when)).count(),
                       rule);
    }
  }
}

TEST(PolicyTimeZone, AZoneOfTheHostGivesWhatTheCLibraryReadsInIt) {
  rules::ZoneFiles files;
  for (const char* name :
       {"Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo",
        "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kolkata", "Etc/GMT+5"}) {
    const auto zone = files.zone(name);
    CHECK_TEXT(zone != nullptr, name);
    const CLibraryZone reference(std::string(":") + name);
    for (std::int64_t when = 0; when < kYear2100; when += 1'000'003) {
      CHECK_EQUAL_TEXT(CLibraryZone::offset_at(when).count(), zone->offset_at(at(when)).count(),
                       name);
    }
  }
  CHECK_TRUE(files.zone("Europe") == nullptr);
  CHECK_TRUE(files.zone("Europe/Atlantis") == nullptr);
}

TEST(PolicyTimeZone, ChangesHoldFromTheirFirstSecond) {
  const auto zone = TimeZone::parse(tzif(
      {
          {-100, 1},
          {50,   2}
  },
      {7, 3600, -7200}, ""));
  CHECK_TRUE(zone.has_value());
  CHECK_TRUE(zone->offset_at(at(-101)) == 7s);
  CHECK_TRUE(zone->offset_at(at(-100)) == 1h);
  CHECK_TRUE(zone->offset_at(at(49)) == 1h);
  CHECK_TRUE(zone->offset_at(at(50)) == -2h);
  CHECK_TRUE(zone->offset_at(at(kYear2100)) == -2h);
}

TEST(PolicyTimeZone, RefusesAFileThatIsCutAnywhere) {
  const std::string whole = tzif(
      {
          {-100, 1},
          {50,   0}
  },
      {7, 3600}, "CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK_TRUE(TimeZone::parse(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(TimeZone::parse(whole.substr(0, size)).has_value());
  }
}

TEST(PolicyTimeZone, RefusesWhatBreaksTheFormat) {
  std::string version_1 = tzif({}, {0}, "");
  version_1[4] = '\0';
  for (const std::string& file : {
           version_1, tzif({},
            {},
            ""), tzif({{50, 1}},
            {0},
            ""), tzif({{50, 0}, {50, 0}},
            {0},
            ""),
           tzif({{50, 0}, {49, 0}},
            {0},
            ""), tzif({},
            {0},
            "", 1), tzif({},
            {0},
            "") + "x"
  }) {
    CHECK_FALSE(TimeZone::parse(file).has_value());
  }
  for (const char* rule :
       {"C", "CET", "-1", "<+01-1", "CET-25", "CET-1:60", "CET-1CEST", "CET-1CEST,",
        "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-1CEST,366,5",
        "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3 "}) {
    CHECK_FALSE_TEXT(TimeZone::parse(tzif_of_rule(rule)).has_value(), rule);
  }
}
