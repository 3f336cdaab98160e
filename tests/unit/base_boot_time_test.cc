// SPDX-License-Identifier: ISC
#include <chrono>

#include "stepupd/base/boot_time.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;

TEST_GROUP(BaseBootTime){};

TEST(BaseBootTime, OnlyGrowsAndCountsTimeAsleep) {
  const BootTime first = boot_now();
  const BootTime asleep = suspended_since_boot();
  const BootTime second = boot_now();
  CHECK_TRUE(first > 0s && second >= first);
  // Two clocks are read one after the other, so a host that never slept may show less than nothing.
  CHECK_TRUE(asleep >= -1s && asleep <= second);
}

TEST(BaseBootTime, BelongsToOneBoot) {
  const auto id = read_boot_id();
  CHECK_TRUE(id.has_value());
  CHECK_EQUAL(36U, id->size());
  STRCMP_EQUAL(id->c_str(), read_boot_id()->c_str());
}
