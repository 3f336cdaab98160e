// SPDX-License-Identifier: ISC
// What security keys add to a standing; that of codes is in otp_verification_test.cc.
#include <optional>

#include "stepupd/daemon/standing.h"
#include "tests/unit/enrolled_store.h"

using namespace stepup;
using namespace stepup::daemon;
using namespace stepup::store;

TEST_GROUP(StandingOfSecurityKeys) {
  StateDirectory state;
  std::optional<Store> store = opened(state);
  Limits limits;

  void teardown() override { store.reset(); }
  Standing standing() {
    const Now now{1'800'000'000, BootTime(1), "boot"};
    const auto found = standing_of(*store, kAlice, Origin::Self, now, limits, {});
    CHECK_TRUE(found.has_value());
    return found.value_or(Standing{});
  }
};

TEST(StandingOfSecurityKeys, HoldsTouch) {
  (void)enrol_security_key(*store);
  const Standing alices = standing();
  CHECK(alices.highest == Level::Touch);
  CHECK_FALSE(alices.has_code);
  LONGS_EQUAL(1, alices.keys.size());
  STRCMP_EQUAL("stepup:0123456789abcdef", alices.keys[0].rp_id.c_str());
}

TEST(StandingOfSecurityKeys, IsAsIfThereWereNoneWhenTheyDoNotCount) {
  limits.security_keys = false;
  (void)enrol_security_key(*store);
  CHECK(standing().highest == Level::None);
  CHECK_TRUE(standing().keys.empty());
  (void)enrol(*store);
  CHECK(standing().highest == Level::Otp);
  CHECK_TRUE(standing().has_code);
}
