// SPDX-License-Identifier: ISC
#include <chrono>
#include <string>

#include "stepupd/daemon/grant_ledger.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using namespace std::chrono_literals;

namespace {

Coordinates place(uid_t subject, std::uint64_t session = 3, dev_t tty = 0x8801) {
  Coordinates where;
  where.subject = subject;
  where.session = {SessionKey::Kind::Audit, session};
  where.widest = Scope::Session;
  where.tty = tty;
  where.leader = 42;
  where.leader_start = 7;
  where.process = 100;
  where.process_start = 9;
  return where;
}

policy::Demand demand_of(Level level) {
  policy::Demand demand;
  demand.level = level;
  return demand;
}

policy::Grant grant(const Coordinates& where, BootTime at, std::int64_t credential = 1) {
  return {where, Scope::Session, Level::Otp, FactorKind::Totp, credential, at};
}

OneShot shot() { return {place(1000), "sudo", "root", "digest"}; }

}  // namespace

TEST_GROUP(GrantLedgerOfBoot) { GrantLedger ledger; };

TEST(GrantLedgerOfBoot, KeepsSubjectsApart) {
  ledger.add(grant(place(1000), 10s));
  UNSIGNED_LONGS_EQUAL(1, ledger.of(1000).size());
  UNSIGNED_LONGS_EQUAL(0, ledger.of(1001).size());
}

TEST(GrantLedgerOfBoot, ReplacesAnOlderGrantOfTheSamePlace) {
  ledger.add(grant(place(1000), 10s));
  ledger.add(grant(place(1000), 20s));
  UNSIGNED_LONGS_EQUAL(1, ledger.of(1000).size());
  CHECK(ledger.of(1000)[0].auth_time == 20s);
  ledger.add(grant(place(1000, 4), 30s));
  UNSIGNED_LONGS_EQUAL(2, ledger.of(1000).size());
}

TEST(GrantLedgerOfBoot, NeverHoldsMoreThan256OfOneSubject) {
  for (std::uint64_t session = 1; session <= 300; ++session) {
    ledger.add(grant(place(1000, session), 10s));
  }
  UNSIGNED_LONGS_EQUAL(256, ledger.of(1000).size());
}

TEST(GrantLedgerOfBoot, ForgetsGrantsOfEndedSessions) {
  ledger.add(grant(place(1000, 3), 10s));
  ledger.add(grant(place(1000, 4), 10s));
  ledger.forget_session({SessionKey::Kind::Audit, 3});
  UNSIGNED_LONGS_EQUAL(1, ledger.of(1000).size());
  ledger.forget_session({SessionKey::Kind::None, 0});
  UNSIGNED_LONGS_EQUAL(1, ledger.of(1000).size());
}

TEST(GrantLedgerOfBoot, KeepsOfLogindsSessionsThoseThatAreOpen) {
  constexpr std::uint64_t kSessions = 2'000;  // each of another user
  for (std::uint64_t session = 1; session <= kSessions; ++session) {
    ledger.add(grant(place(static_cast<uid_t>(1000 + session), session), 10s));
  }
  Coordinates managed = place(1000);
  managed.session = {SessionKey::Kind::Manager, 1000};
  managed.widest = Scope::Tty;
  Coordinates elsewhere = place(1000, 5);
  elsewhere.widest = Scope::Tty;
  ledger.add(grant(managed, 10s));
  ledger.add(grant(elsewhere, 10s));
  ledger.close_sessions_but({
      {SessionKey::Kind::Audit, 7},
      {SessionKey::Kind::Audit, 5}
  });
  UNSIGNED_LONGS_EQUAL(4, ledger.all().size());
  for (const uid_t subject : {1005, 1007}) UNSIGNED_LONGS_EQUAL(1, ledger.of(subject).size());
  UNSIGNED_LONGS_EQUAL(2, ledger.of(1000).size());
}

TEST(GrantLedgerOfBoot, ForgetsWhatOneSubjectProvedInASharedSession) {
  ledger.add(grant(place(1000, 3), 10s));
  ledger.add(grant(place(1001, 3), 10s));
  ledger.forget_session({SessionKey::Kind::Audit, 3}, 1000);
  UNSIGNED_LONGS_EQUAL(0, ledger.of(1000).size());
  UNSIGNED_LONGS_EQUAL(1, ledger.of(1001).size());
}

TEST(GrantLedgerOfBoot, ForgetsWhatASubjectProved) {
  ledger.add(grant(place(1000, 3), 10s));
  ledger.add(grant(place(1000, 4), 10s));
  ledger.add(grant(place(1001, 3), 10s));
  ledger.forget_subject(1000);
  UNSIGNED_LONGS_EQUAL(0, ledger.of(1000).size());
  UNSIGNED_LONGS_EQUAL(1, ledger.of(1001).size());
}

TEST(GrantLedgerOfBoot, NotesUseAsFarAsAGrantReaches) {
  const Coordinates here = place(1000, 3);
  Coordinates other_tty = here;
  other_tty.tty = here.tty + 1;
  ledger.add(grant(here, 10s));
  const auto used = [this] {
    const policy::Grant& held = ledger.of(1000)[0];
    return std::pair(held.used_in_session, held.used_on_tty);
  };
  ledger.note_use(here, 20s);
  CHECK_TRUE(used() == std::pair(BootTime(20s), BootTime(20s)));
  ledger.note_use(other_tty, 30s);
  CHECK_TRUE(used() == std::pair(BootTime(30s), BootTime(20s)));
  ledger.note_use(place(1000, 4), 40s);
  ledger.note_use(place(1001, 3), 40s);
  CHECK_TRUE(used() == std::pair(BootTime(30s), BootTime(20s)));
}

TEST(GrantLedgerOfBoot, AOneShotCountsOnlyForItsFactor) {
  policy::Demand demand;
  demand.level = Level::Otp;
  demand.factors = {FactorKind::Fido2};
  ledger.add_one_shot(shot(), Level::Otp, FactorKind::Totp, 10s);
  CHECK_FALSE(ledger.take_one_shot(shot(), demand, 11s));
  demand.factors.add(FactorKind::Totp);
  CHECK_TRUE(ledger.take_one_shot(shot(), demand, 11s));
}

TEST(GrantLedgerOfBoot, ForgettingEndsOneShotsToo) {
  const auto taken_after = [this](auto forget) {
    ledger.add_one_shot(shot(), Level::Otp, FactorKind::Totp, 10s);
    forget();
    const bool taken = ledger.take_one_shot(shot(), demand_of(Level::Otp), 11s);
    return taken;
  };
  constexpr SessionKey kSession3{SessionKey::Kind::Audit, 3};
  constexpr SessionKey kSession4{SessionKey::Kind::Audit, 4};
  CHECK_FALSE(taken_after([this] { ledger.forget_subject(1000); }));
  CHECK_FALSE(taken_after([&] { ledger.forget_session(kSession3); }));
  CHECK_FALSE(taken_after([&] { ledger.forget_session(kSession3, 1000); }));
  CHECK_TRUE(taken_after([&] { ledger.forget_session(kSession3, 1001); }));
  CHECK_TRUE(taken_after([&] { ledger.forget_session(kSession4); }));
  CHECK_TRUE(taken_after([this] { ledger.forget_subject(1001); }));
}

TEST(GrantLedgerOfBoot, ForgettingTakesTheGroundFromUnderWhatIsUnderWay) {
  constexpr SessionKey kSession3{SessionKey::Kind::Audit, 3};
  const auto holds_after = [&](auto forget) {
    const Ground ground = ledger.ground(1000, kSession3);
    forget();
    return ground.holds();
  };
  CHECK_FALSE(holds_after([this] { ledger.forget_subject(1000); }));
  CHECK_FALSE(holds_after([&] { ledger.forget_session(kSession3); }));
  CHECK_FALSE(holds_after([&] { ledger.forget_session(kSession3, 1000); }));
  CHECK_FALSE(holds_after([this] { ledger.forget_all(); }));
  CHECK_TRUE(holds_after([&] { ledger.forget_session(kSession3, 1001); }));
  CHECK_TRUE(holds_after([this] { ledger.forget_session({SessionKey::Kind::Audit, 4}); }));
  CHECK_TRUE(holds_after([this] { ledger.forget_subject(1001); }));
  CHECK_TRUE(Ground().holds());
}

TEST(GrantLedgerOfBoot, OneShotWorksOnceForTheVeryRequestWithin60Seconds) {
  ledger.add_one_shot(shot(), Level::Otp, FactorKind::Totp, 100s);
  struct Case {
    const char* name;
    OneShot shot;
    Level level;
    BootTime now;
  };
  OneShot other_command = shot();
  other_command.command_digest = "other";
  OneShot other_target = shot();
  other_target.target_user = "bob";
  OneShot other_start = shot();
  other_start.where.process_start = 10;
  const Case misses[] = {
      {"another command",                   other_command, Level::Otp,   101s},
      {"another target",                    other_target,  Level::Otp,   101s},
      {"another process with the same pid", other_start,   Level::Otp,   101s},
      {"a stronger level",                  shot(),        Level::Touch, 101s},
      {"60 s later",                        shot(),        Level::Otp,   160s},
      {"before it was granted",             shot(),        Level::Otp,   99s },
  };
  for (const Case& c : misses)
    CHECK_FALSE_TEXT(ledger.take_one_shot(c.shot, demand_of(c.level), c.now), c.name);
  CHECK_TRUE(ledger.take_one_shot(shot(), demand_of(Level::Otp), 159s));
  CHECK_FALSE(ledger.take_one_shot(shot(), demand_of(Level::Otp), 159s));
}

TEST(GrantLedgerOfBoot, RefusedProcessIsKnownByPidAndStart) {
  ledger.refuse_process(place(1000), 10s);
  CHECK_TRUE(ledger.is_refused(place(1000), 11s));
  Coordinates reused = place(1000);
  reused.process_start += 1;
  CHECK_FALSE(ledger.is_refused(reused, 11s));
  CHECK_FALSE(ledger.is_refused(place(1000), 10s + 601s));
}

TEST(GrantLedgerOfBoot, ForgetsEverythingAfterASuspend) {
  ledger.add(grant(place(1000), 10s));
  ledger.add_one_shot(shot(), Level::Otp, FactorKind::Totp, 10s);
  ledger.forget_all();
  UNSIGNED_LONGS_EQUAL(0, ledger.of(1000).size());
  CHECK_FALSE(ledger.take_one_shot(shot(), demand_of(Level::Otp), 11s));
}

// What was proved while it cannot be known whether it still holds.
TEST_GROUP(LedgerAside) {
  GrantLedger ledger;
  policy::Grant held;

  void setup() override {
    held.where.subject = 1000;
    held.where.session = {SessionKey::Kind::Audit, 7};
    held.where.widest = Scope::Session;
    held.level = Level::Otp;
    ledger.add(held);
  }
};

TEST(LedgerAside, GivesBackWhatWasNotRevokedMeanwhile) {
  policy::Grant other = held;
  other.where.subject = 1001;
  ledger.add(other);
  ledger.set_aside(10s);
  CHECK_TRUE(ledger.all().empty());
  ledger.forget_subject(1001);
  ledger.take_back();
  CHECK_EQUAL(1U, ledger.of(1000).size());
  CHECK_EQUAL(0U, ledger.of(1001).size());
}

TEST(LedgerAside, ForgetsItForGoodAndNothingThatWasProvedSince) {
  Login before;
  before.where = held.where;
  before.at = 5s;
  CHECK_TRUE(ledger.open_login(before));
  Login since = before;
  since.where.session.id = 8;
  since.at = 10s;
  ledger.set_aside(10s);
  CHECK_TRUE(ledger.open_login(since));
  CHECK_TRUE(ledger.is_aside(before));
  CHECK_FALSE(ledger.is_aside(since));
  ledger.add(held);
  ledger.forget_what_is_aside();
  ledger.take_back();
  CHECK_EQUAL(1U, ledger.of(1000).size());
  CHECK_FALSE(ledger.logins().find(before.where.session)->counts);
  CHECK_TRUE(ledger.logins().find(since.where.session)->counts);
  CHECK_FALSE(ledger.is_aside(before));
}
