// SPDX-License-Identifier: ISC
#include <array>
#include <chrono>
#include <vector>

#include "stepupd/policy/decide.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::policy;

namespace {

constexpr Coordinates kTty1{
    .subject = 1000,
    .session = {SessionKey::Kind::Audit, 3},
    .widest = Scope::Session,
    .tty = 0x8801,
    .leader = 42,
    .leader_start = 7,
    .process = 100,
    .process_start = 9
};

// kTty1 with one thing changed.
template <typename Member, typename Value>
constexpr Coordinates but(Member member, Value value) {
  Coordinates there = kTty1;
  there.*member = value;
  return there;
}

constexpr Coordinates kTty2 = but(&Coordinates::tty, dev_t{0x8802});
constexpr Coordinates kNoTty = but(&Coordinates::tty, dev_t{0});
constexpr Coordinates kReusedLeader = but(&Coordinates::leader_start, std::uint64_t{8});
constexpr Coordinates kOtherLeader = but(&Coordinates::leader, pid_t{43});
constexpr Coordinates kBob = but(&Coordinates::subject, uid_t{1001});
constexpr Coordinates kSession4 =
    but(&Coordinates::session, SessionKey{SessionKey::Kind::Audit, 4});
constexpr Coordinates kLogind3 =
    but(&Coordinates::session, SessionKey{SessionKey::Kind::Logind, 3});
constexpr Coordinates kManager =
    but(&Coordinates::session, SessionKey{SessionKey::Kind::Manager, 1000});
constexpr Coordinates kNoSession = but(&Coordinates::session, SessionKey{});
constexpr Coordinates kWidestTty = but(&Coordinates::widest, Scope::Tty);
constexpr Coordinates kWidestProcess = but(&Coordinates::widest, Scope::Process);
constexpr Coordinates kOtherProcess = but(&Coordinates::process, pid_t{101});

constexpr Coordinates with_tty(Coordinates there, dev_t tty, Scope widest) {
  there.tty = tty;
  there.widest = widest;
  return there;
}

Grant grant(const Coordinates& where, Scope scope, Level level = Level::Touch,
            BootTime auth_time = 10s) {
  return {where, scope, level, FactorKind::Totp, 1, auth_time};
}

Demand demand_of(Level level, BootTime max_age, Scope scope) {
  Demand demand;
  demand.level = level;
  demand.max_age = max_age;
  demand.scope = scope;
  return demand;
}

const Demand kTouchWithin5Min = demand_of(Level::Touch, 5min, Scope::Session);

}  // namespace

TEST_GROUP(PolicyDecide){};

TEST(PolicyDecide, AsksUnlessAGrantIsStrongAndFresh) {
  struct Case {
    const char* name;
    Level level;
    BootTime granted;
    BootTime now;
    Decision want;
    Reason reason;
  };
  const Case cases[] = {
      {"fresh touch",                Level::Touch,       10s,             20s,        Decision::Allow,  Reason::LiveGrant },
      {"stronger than demanded",     Level::TouchWithUv, 10s,             20s,        Decision::Allow,  Reason::LiveGrant },
      {"in the same millisecond",    Level::Touch,       20s,             20s,        Decision::Allow,  Reason::LiveGrant },
      {"last millisecond",           Level::Touch,       0s,              5min - 1ms, Decision::Allow,  Reason::LiveGrant },
      {"age equal to max_age",       Level::Touch,       0s,              5min,       Decision::StepUp, Reason::GrantStale},
      {"long past",                  Level::Touch,       0s,              24h,        Decision::StepUp, Reason::GrantStale},
      {"weaker factor",              Level::Otp,         10s,             20s,        Decision::StepUp, Reason::GrantWeak },
      {"no factor at all",           Level::None,        10s,             20s,        Decision::StepUp, Reason::GrantWeak },
      {"granted a moment later",     Level::Touch,       20s + 1ms,       20s,        Decision::StepUp, Reason::NoGrant   },
      {"granted at the end of time", Level::Touch,       BootTime::max(), 20s,        Decision::StepUp,
       Reason::NoGrant                                                                                                    },
  };
  for (const Case& c : cases) {
    const std::array grants{grant(kTty1, Scope::Session, c.level, c.granted)};
    const Decided decided = decide(kTouchWithin5Min, kTty1, grants, c.now);
    CHECK_TEXT(decided.decision == c.want, c.name);
    CHECK_TEXT(decided.reason == c.reason, c.name);
    CHECK_TEXT(decided.grant.has_value() == (c.want == Decision::Allow), c.name);
  }
}

TEST(PolicyDecide, FollowsAGrantNoFurtherThanItReaches) {
  struct Case {
    const char* name;
    Grant grant;
    Coordinates here;
    Scope demanded;
    bool covered;
  };
  const Coordinates manager_tty1 = with_tty(kManager, 0x8801, Scope::Tty);
  const Coordinates manager_tty2 = with_tty(kManager, 0x8802, Scope::Tty);
  const Case cases[] = {
      {"same place",                     grant(kTty1,          Scope::Session), kTty1,          Scope::Session, true },
      {"another tty of the session",     grant(kTty1,          Scope::Session), kTty2,          Scope::Session, true },
      {"no tty in the session",          grant(kTty1,          Scope::Session), kNoTty,         Scope::Session, true },
      {"another process of the session", grant(kTty1,          Scope::Session), kOtherProcess,
       Scope::Session,                                                                                          true },
      {"another user",                   grant(kTty1,          Scope::Session), kBob,           Scope::Session, false},
      {"another session",                grant(kTty1,          Scope::Session), kSession4,      Scope::Session, false},
      {"same number of another kind",    grant(kTty1,          Scope::Session), kLogind3,       Scope::Session,
       false                                                                                                         },
      {"same tty, session left",         grant(kTty1,          Scope::Session), kNoSession,     Scope::Session, false},
      {"demand narrowed to the tty",     grant(kTty1,          Scope::Session), kTty1,          Scope::Tty,     true },
      {"another tty, tty demanded",      grant(kTty1,          Scope::Session), kTty2,          Scope::Tty,     false},
      {"obtained for the tty",           grant(kTty1,          Scope::Tty),     kTty2,          Scope::Session, false},
      {"obtained for the tty, there",    grant(kTty1,          Scope::Tty),     kTty1,          Scope::Session, true },
      {"pid of the leader reused",       grant(kTty1,          Scope::Tty),     kReusedLeader,  Scope::Tty,     false},
      {"another leader on the tty",      grant(kTty1,          Scope::Tty),     kOtherLeader,   Scope::Tty,     false},
      {"no tty on either side",          grant(kNoTty,         Scope::Tty),     kNoTty,         Scope::Tty,     false},
      {"closing session, granted there", grant(kWidestTty,     Scope::Session), kTty2,          Scope::Session,
       false                                                                                                         },
      {"closing session, used there",    grant(kTty2,          Scope::Session), kWidestTty,     Scope::Session,
       false                                                                                                         },
      {"process demanded",               grant(kTty1,          Scope::Session), kTty1,          Scope::Process, false},
      {"obtained for the process",       grant(kTty1,          Scope::Process), kTty1,          Scope::Session, false},
      {"process at most, granted there", grant(kWidestProcess, Scope::Session), kTty1,
       Scope::Session,                                                                                          false},
      {"process at most, used there",    grant(kTty1,          Scope::Session), kWidestProcess, Scope::Session,
       false                                                                                                         },
      {"no session id, no tty scope",    grant(kNoSession,     Scope::Session), kNoSession,     Scope::Session,
       false                                                                                                         },
      {"no session id, same tty",        grant(kNoSession,     Scope::Tty),     kNoSession,     Scope::Tty,     true },
      {"user manager, same tty",         grant(manager_tty1,   Scope::Session), manager_tty1,   Scope::Session,
       true                                                                                                          },
      {"user manager, another tty",      grant(manager_tty1,   Scope::Session), manager_tty2,
       Scope::Session,                                                                                          false},
      {"user manager from the session",  grant(kTty1,          Scope::Session), manager_tty1,   Scope::Session,
       false                                                                                                         },
  };
  for (const Case& c : cases) {
    const Demand demand = demand_of(Level::Touch, 5min, c.demanded);
    CHECK_TEXT(reach_of(c.grant, c.here, c.demanded).has_value() == c.covered, c.name);
    const Decided decided = decide(demand, c.here, std::array{c.grant}, 20s);
    CHECK_TEXT(decided.decision == (c.covered ? Decision::Allow : Decision::StepUp), c.name);
    CHECK_TEXT(decided.reason == (c.covered ? Reason::LiveGrant : Reason::NoGrant), c.name);
  }
}

TEST(PolicyDecide, IsNeverMetByAGrantWhenMaxAgeIsZero) {
  const Demand demand = demand_of(Level::Otp, 0s, Scope::Session);
  const std::array grants{grant(kTty1, Scope::Session, Level::TouchWithUv, 20s)};
  CHECK_TRUE(decide(demand, kTty1, grants, 20s).decision == Decision::StepUp);
}

TEST(PolicyDecide, RequiresNothingWithoutADemand) {
  const Decided decided = decide(Demand{}, kTty1, {}, 20s);
  CHECK_TRUE(decided.decision == Decision::NotRequired);
  CHECK_TRUE(decided.reason == Reason::NoRule);
  const Demand none = demand_of(Level::None, 0s, Scope::Process);
  CHECK_TRUE(decide(none, kTty1, {}, 20s).decision == Decision::NotRequired);
}

TEST(PolicyDecide, NamesTheYoungestGrantThatAllows) {
  std::vector<Grant> grants = {grant(kTty1, Scope::Session, Level::Touch, 10s),
                               grant(kTty1, Scope::Session, Level::Touch, 15s),
                               grant(kTty1, Scope::Session, Level::Otp, 18s),
                               grant(kTty1, Scope::Session, Level::Touch, 12s)};
  const Decided decided = decide(kTouchWithin5Min, kTty1, grants, 20s);
  CHECK_TRUE(decided.decision == Decision::Allow && decided.reason == Reason::LiveGrant);
  CHECK_TRUE(decided.grant->auth_time == BootTime(15s));
}

TEST(PolicyDecide, HasAWordForEachOutcome) {
  STRCMP_EQUAL("not-required", to_string(Decision::NotRequired));
  STRCMP_EQUAL("allow", to_string(Decision::Allow));
  STRCMP_EQUAL("step-up", to_string(Decision::StepUp));
  STRCMP_EQUAL("no-rule", to_string(Reason::NoRule));
  STRCMP_EQUAL("live-grant", to_string(Reason::LiveGrant));
  STRCMP_EQUAL("no-grant", to_string(Reason::NoGrant));
  STRCMP_EQUAL("grant-stale", to_string(Reason::GrantStale));
  STRCMP_EQUAL("grant-weak", to_string(Reason::GrantWeak));
}

// Grants come back from memory that outlives the process, so a scope may hold any byte.
TEST(PolicyDecide, AScopeThatIsNoneCoversNothing) {
  constexpr auto kNoScope = static_cast<Scope>(9);
  CHECK_FALSE(reach_of(grant(kTty1, kNoScope), kTty1, Scope::Session).has_value());
  CHECK_FALSE(reach_of(grant(kTty1, Scope::Session), kTty1, kNoScope).has_value());
}

TEST(PolicyDecide, OfTwoGrantsOfOneAgeTheFirstAllows) {
  std::array grants{grant(kTty1, Scope::Session), grant(kTty1, Scope::Session)};
  grants[1].credential_id = 2;
  const Decided decided = decide(kTouchWithin5Min, kTty1, grants, 20s);
  CHECK(decided.decision == Decision::Allow);
  LONGS_EQUAL(1, decided.grant->credential_id);
}

TEST(PolicyDecide, AsksAgainAfterIdleTimeWhereItReaches) {
  Grant held = grant(kTty1, Scope::Session, Level::Touch, 10s);
  held.used_in_session = 100s;
  held.used_on_tty = 40s;
  Demand demand = demand_of(Level::Touch, 1h, Scope::Session);
  demand.max_idle = 30s;
  struct Case {
    const char* name;
    Scope scope;
    BootTime now;
    Reason want;
  };
  const Case cases[] = {
      {"used in the session",     Scope::Session, 130s - 1ms, Reason::LiveGrant },
      {"idle for max_idle",       Scope::Session, 130s,       Reason::GrantIdle },
      {"used on the terminal",    Scope::Tty,     70s - 1ms,  Reason::LiveGrant },
      {"used on other ones only", Scope::Tty,     70s,        Reason::GrantIdle },
      {"used a moment later",     Scope::Session, 100s - 1ms, Reason::GrantIdle },
      {"busy, but too old",       Scope::Session, 1h + 10s,   Reason::GrantStale},
  };
  for (const Case& c : cases) {
    demand.scope = c.scope;
    const Decided decided = decide(demand, kTty1, std::array{held}, c.now);
    STRCMP_EQUAL_TEXT(to_string(c.want), to_string(decided.reason), c.name);
  }
  // What was never used is idle since it was proved.
  held.used_in_session = {};
  demand.scope = Scope::Session;
  CHECK_TRUE(decide(demand, kTty1, std::array{held}, 39s).decision == Decision::Allow);
  CHECK_TRUE(decide(demand, kTty1, std::array{held}, 40s).reason == Reason::GrantIdle);
  demand.max_idle = 0s;
  CHECK_TRUE(decide(demand, kTty1, std::array{held}, 10s).reason == Reason::GrantIdle);
}

TEST(PolicyDecide, TakesOnlyGrantsOfFactorsThatCount) {
  Demand demand = demand_of(Level::Otp, 1h, Scope::Session);
  demand.factors = {FactorKind::Fido2};
  const std::array totp{grant(kTty1, Scope::Session)};
  CHECK_TRUE(decide(demand, kTty1, totp, 20s).reason == Reason::GrantOtherFactor);
  std::array touch = totp;
  touch[0].factor = FactorKind::Fido2;
  CHECK_TRUE(decide(demand, kTty1, touch, 20s).decision == Decision::Allow);
}

TEST(PolicyDecide, DeniesWhateverWasProved) {
  const std::array fresh{grant(kTty1, Scope::Session, Level::TouchWithUv)};
  Demand demand = demand_of(Level::None, 1h, Scope::Session);
  demand.denied_by = 0;
  CHECK_TRUE(decide(demand, kTty1, fresh, 20s).reason == Reason::RuleDenies);
  demand.denied_by.reset();
  demand.factors = {};
  CHECK_TRUE(decide(demand, kTty1, fresh, 20s).reason == Reason::NoFactorCounts);
  demand = demand_of(Level::Touch, 1h, Scope::Session);
  demand.factors = {FactorKind::Totp, FactorKind::Hotp};
  const Decided decided = decide(demand, kTty1, fresh, 20s);
  CHECK_TRUE(decided.decision == Decision::Deny && !decided.grant);
}
