// SPDX-License-Identifier: ISC
// What must hold of every policy.  `make check-properties` tries 100,000 of them.
#include "tests/unit/policy_properties.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::policy;

TEST_GROUP(PolicyProperties){};

TEST(PolicyProperties, HoldForRandomPolicies) {
  constexpr std::uint32_t kSeed = 20261127;
  STRCMP_EQUAL("", find_broken_property(kSeed, 2000).c_str());
}
