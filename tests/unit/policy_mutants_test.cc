// SPDX-License-Identifier: ISC
// What `make mutate` found no other test for: each claim fails when one branch of policy is
// flipped.
#include <array>
#include <chrono>
#include <cstdint>

#include "stepupd/policy/decide.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::policy;

namespace {

constexpr Coordinates kHere{
    .subject = 1000,
    .session = {SessionKey::Kind::Audit, 3},
    .widest = Scope::Session,
    .tty = 0x8801,
    .leader = 42,
    .leader_start = 7,
    .process = 100,
    .process_start = 9
};

Grant grant_of(std::int64_t credential) {
  return {kHere, Scope::Session, Level::Otp, FactorKind::Totp, credential, 10s};
}

}  // namespace

TEST_GROUP(PolicyMutants){};

// Grants come back from memory that outlives the process, so a scope may hold any byte.
TEST(PolicyMutants, AScopeThatIsNoneCoversNothing) {
  constexpr auto kNoScope = static_cast<Scope>(9);
  Grant damaged = grant_of(1);
  damaged.scope = kNoScope;
  CHECK_FALSE(covers(damaged, kHere, Scope::Session));
  CHECK_FALSE(covers(grant_of(1), kHere, kNoScope));
}

TEST(PolicyMutants, OfTwoGrantsOfOneAgeTheFirstAllows) {
  const std::array grants = {grant_of(1), grant_of(2)};
  const Decided decided = decide({Level::Otp, 5min, Scope::Session, {}}, kHere, grants, 20s);
  CHECK(decided.decision == Decision::Allow);
  LONGS_EQUAL(1, decided.grant->credential_id);
}
