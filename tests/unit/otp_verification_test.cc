// SPDX-License-Identifier: ISC
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/daemon/otp_verification.h"
#include "stepupd/daemon/standing.h"
#include "stepupd/factor/hotp.h"
#include "stepupd/factor/recovery_code.h"
#include "tests/unit/state_directory.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using namespace std::chrono_literals;

namespace {

const Subject kAlice{1000, "alice"};
const Subject kBob{1001, "bob"};
constexpr std::string_view kKey = "12345678901234567890";
constexpr std::string_view kRecovery = "abcdefghjkmnpq";
constexpr std::int64_t kNoon = factor::kEarliestPlausibleTime + 3000;

Now at(BootTime boot, std::int64_t unix_seconds = kNoon, const char* boot_id = "boot-1") {
  return {unix_seconds, boot, boot_id};
}

std::string code_at(std::int64_t unix_seconds, std::string_view key = kKey, int digits = 6) {
  const SecretBytes bytes(key);
  const auto code = factor::hotp(factor::HashAlgorithm::Sha1, bytes.view(),
                                 factor::totp_step({}, unix_seconds), digits);
  if (!code) return "";
  return {code->view().begin(), code->view().end()};
}

// Six digits that are no code around noon.
std::string wrong_code() {
  std::string wrong = "000000";
  while (wrong == code_at(kNoon - 30) || wrong == code_at(kNoon) || wrong == code_at(kNoon + 30)) {
    wrong.back()++;
  }
  return wrong;
}

}  // namespace

TEST_GROUP(OtpVerification) {
  StateDirectory state;
  std::optional<store::Store> store;
  Limits limits;

  void setup() override {
    open();
    enrol(kAlice, "phone");
  }
  void teardown() override { store.reset(); }

  void open() {
    store.reset();
    auto opened = store::Store::open(state.path(), "");
    CHECK_TRUE(opened.has_value());
    if (opened) store.emplace(std::move(*opened));
  }
  void enrol(const Subject& subject, const char* label, std::string_view key = kKey,
             int digits = 6) {
    auto transaction = store->begin();
    if (!*transaction->recorded_name(subject.uid)) {
      CHECK_TRUE(transaction->replace_account(subject).has_value());
    }
    store::Credential credential;
    credential.owner = subject;
    credential.label = label;
    credential.parameters.digits = digits;
    CHECK_TRUE(transaction->add_credential(credential, SecretBytes(key)).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  void give_recovery_codes(const Subject& subject, std::vector<std::string> codes) {
    std::vector<factor::RecoveryHash> hashes;
    for (const std::string& code : codes) {
      hashes.push_back(*factor::hash_recovery_code(SecretBytes(std::string_view(code)), {4, 8, 1}));
    }
    auto transaction = store->begin();
    CHECK_TRUE(transaction->replace_recovery_codes(subject.uid, hashes, kNoon).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  AnswerResult type(const std::string& answer, const Now& now, Origin origin = Origin::Self,
                    const Subject& subject = kAlice) {
    auto result =
        verify_answer(*store, subject, origin, SecretBytes(std::string_view(answer)), now, limits);
    CHECK_TRUE(result.has_value());
    return result ? *result : AnswerResult{};
  }
  AnswerOutcome outcome(const std::string& answer, const Now& now, Origin origin = Origin::Self,
                        const Subject& subject = kAlice) {
    return type(answer, now, origin, subject).outcome;
  }
  BootTime locked(const Now& now, Origin origin = Origin::Self, const Subject& subject = kAlice) {
    const auto standing = standing_of(*store, subject, origin, now, limits, {});
    CHECK_TRUE(standing.has_value());
    return standing ? standing->locked_for : BootTime(-1);
  }
  void fail(int times, const Now& now, Origin origin = Origin::Self,
            const Subject& subject = kAlice) {
    for (int i = 0; i < times; ++i) {
      CHECK(outcome(wrong_code(), now, origin, subject) == AnswerOutcome::Wrong);
    }
  }
};

TEST(OtpVerification, AcceptsACodeOnceAndSaysWhoseItWas) {
  const AnswerResult result = type(" " + code_at(kNoon) + " ", at(1h));
  CHECK(result.outcome == AnswerOutcome::Accepted);
  CHECK(result.factor == FactorKind::Totp);
  STRCMP_EQUAL("phone", result.label.c_str());
  const auto held = store->holdings(kAlice.uid);
  LONGLONGS_EQUAL(held->credentials[0].id, result.credential_id);
  LONGLONGS_EQUAL(kNoon, held->credentials[0].last_used_at.value_or(0));
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Replayed);
  CHECK(outcome(code_at(kNoon - 30), at(1h)) == AnswerOutcome::Replayed);
  open();
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Replayed);
  CHECK(outcome(code_at(kNoon + 30), at(1h)) == AnswerOutcome::Accepted);
}

TEST(OtpVerification, NeitherCountsNorJudgesWhatFitsNoEnrolledFactor) {
  for (const char* answer : {"", "hunter2", "12345", "12345678", "ab-cdef-ghjk-mnpq"}) {
    for (int i = 0; i < 6; ++i) CHECK(outcome(answer, at(1h)) == AnswerOutcome::NotACode);
  }
  CHECK(locked(at(1h)) == BootTime::zero());
}

TEST(OtpVerification, AsksEachAuthenticatorOfTheCodesLength) {
  enrol(kAlice, "tablet", "another key of 20 by");
  enrol(kAlice, "old", kKey, 8);
  STRCMP_EQUAL("tablet", type(code_at(kNoon, "another key of 20 by"), at(1h)).label.c_str());
  STRCMP_EQUAL("old", type(code_at(kNoon, kKey, 8), at(1h)).label.c_str());
  STRCMP_EQUAL("phone", type(code_at(kNoon), at(1h)).label.c_str());
}

TEST(OtpVerification, SpendsOneCodeInEveryAuthenticatorThatShowsIt) {
  enrol(kAlice, "copy");  // the same key twice, as an import may bring
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Accepted);
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Replayed);
}

TEST(OtpVerification, AcceptsARecoveryCodeOnceInAnyWriting) {
  give_recovery_codes(kAlice, {std::string(kRecovery), "cdcdefghjkmnpq"});
  const AnswerResult result = type("AB cdef-ghjk MNPQ", at(1h));
  CHECK(result.outcome == AnswerOutcome::Accepted);
  CHECK(result.factor == FactorKind::RecoveryCode);
  LONGS_EQUAL(1, result.recovery_codes_left);
  open();
  CHECK(outcome(std::string(kRecovery), at(1h)) == AnswerOutcome::Replayed);
  CHECK(outcome("ab0000000000zz", at(1h)) == AnswerOutcome::Wrong);  // known index
  CHECK(outcome("zz0000000000zz", at(1h)) == AnswerOutcome::Wrong);  // unknown index
  CHECK(type("cdcdefghjkmnpq", at(1h)).recovery_codes_left == 0);
  const auto standing = standing_of(*store, kAlice, Origin::Self, at(1h), limits, {});
  CHECK_FALSE(standing->has_recovery_code);
  CHECK_TRUE(standing->has_code);
  LONGS_EQUAL(2, standing->notices.size());
  CHECK(standing->notices[0].kind == store::ChangeNotice::Kind::RecoveryUsed);
}

TEST(OtpVerification, BacksOffAfterFiveFailuresAndDoublesUpToTheLimit) {
  fail(4, at(1h));
  CHECK(locked(at(1h)) == 0ms);
  BootTime now = 1h;
  for (const BootTime wait : {30s, 60s, 120s, 240s, 480s, 900s, 900s}) {
    const AnswerResult result = type(wrong_code(), at(now));
    CHECK(result.outcome == AnswerOutcome::Wrong);
    CHECK(result.locked_for == wait);
    const AnswerResult refused = type(code_at(kNoon), at(now + wait - 1ms));
    CHECK(refused.outcome == AnswerOutcome::LockedOut);
    CHECK(refused.locked_for == 1ms);
    now += wait;
  }
  CHECK(outcome(code_at(kNoon), at(now)) == AnswerOutcome::Accepted);
}

TEST(OtpVerification, CountsReplaysButNoAnswerGivenWhileLocked) {
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Accepted);
  for (int i = 0; i < 5; ++i) {
    CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Replayed);
  }
  CHECK(locked(at(1h)) == 30s);
  for (int i = 0; i < 5; ++i) {
    CHECK(outcome(wrong_code(), at(1h)) == AnswerOutcome::LockedOut);
  }
  CHECK(locked(at(1h)) == 30s);
}

TEST(OtpVerification, ForgivesOnlyAfterASuccessOfTheSameFactorAndOrigin) {
  give_recovery_codes(kAlice, {std::string(kRecovery)});
  enrol(kBob, "phone");
  fail(4, at(1h));
  fail(4, at(1h), Origin::Sshd);
  CHECK(outcome(std::string(kRecovery), at(1h)) == AnswerOutcome::Accepted);
  CHECK(outcome(code_at(kNoon), at(1h), Origin::Self, kBob) == AnswerOutcome::Accepted);
  CHECK(type(wrong_code(), at(1h)).locked_for == 30s);
  CHECK(outcome(code_at(kNoon), at(1h + 30s)) == AnswerOutcome::Accepted);
  fail(4, at(1h + 30s));  // from the beginning
  CHECK(type(wrong_code(), at(1h + 30s), Origin::Sshd).locked_for == 30s);
}

TEST(OtpVerification, LocksOneFactorAndLeavesTheOther) {
  give_recovery_codes(kAlice, {std::string(kRecovery)});
  fail(5, at(1h));
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::LockedOut);
  CHECK(locked(at(1h)) == 0ms);  // a recovery code may be tried
  CHECK(outcome(std::string(kRecovery), at(1h)) == AnswerOutcome::Accepted);
  CHECK(locked(at(1h)) == 30s);  // none is left
}

TEST(OtpVerification, LetsNobodyLockOutSomebodyElse) {
  enrol(kBob, "phone");
  fail(5, at(1h), Origin::OtherUid);
  CHECK(locked(at(1h), Origin::OtherUid) == 30s);
  CHECK(locked(at(1h)) == 0ms);
  CHECK(locked(at(1h), Origin::Sshd) == 0ms);
  CHECK(locked(at(1h), Origin::OtherUid, kBob) == 0ms);
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Accepted);
}

TEST(OtpVerification, AllowsTwentyForeignFailuresAnHour) {
  limits.max_failures = 1000;
  fail(10, at(1h), Origin::OtherUid);
  fail(10, at(1h + 10min), Origin::Sshd);
  for (const Origin origin : {Origin::OtherUid, Origin::Sshd}) {
    CHECK(locked(at(1h + 20min), origin) == 40min);
    CHECK(outcome(code_at(kNoon), at(1h + 20min), origin) == AnswerOutcome::LockedOut);
  }
  CHECK(locked(at(1h + 20min)) == 0ms);
  fail(10, at(2h), Origin::Sshd);  // those of the first ten are an hour old
  CHECK(locked(at(2h), Origin::Sshd) == 10min);
  fail(21, at(2h));  // the subject's own are not capped
  CHECK(outcome(code_at(kNoon), at(2h)) == AnswerOutcome::Accepted);
}

TEST(OtpVerification, RemembersFailuresOverRestartAndReboot) {
  fail(5, at(30h));
  open();
  CHECK(locked(at(30h + 10s)) == 20s);
  // Another boot's clock says nothing about when it was, so the whole wait begins with this boot.
  open();
  CHECK(locked(at(5s, kNoon, "boot-2")) == 25s);
  CHECK(outcome(wrong_code(), at(30s, kNoon, "boot-2")) == AnswerOutcome::Wrong);
  CHECK(locked(at(30s, kNoon, "boot-2")) == 60s);
}

TEST(OtpVerification, MakesAnAttackerNeedYears) {
  // RFC 4226 section 7.3: the chance to guess within a day, with three codes in the window.
  int guesses = 0;
  for (const Origin origin : {Origin::Self, Origin::OtherUid, Origin::Sshd}) {
    BootTime now = 1h;
    while (now < 25h) {
      const AnswerResult result = type(wrong_code(), at(now), origin);
      if (result.outcome == AnswerOutcome::Wrong) ++guesses;
      now += std::max(result.locked_for, BootTime(0s));
    }
  }
  CHECK(guesses * 3 / 1e6 <= 1e-3);
}

TEST(OtpVerification, NamesAnImplausibleClockAndCountsNothing) {
  give_recovery_codes(kAlice, {std::string(kRecovery)});
  for (int i = 0; i < 6; ++i) {
    CHECK(outcome("123456", at(1h, 0)) == AnswerOutcome::ClockImplausible);
  }
  CHECK(outcome(std::string(kRecovery), at(1h, 0)) == AnswerOutcome::Accepted);
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Accepted);
  CHECK(outcome(code_at(kNoon), at(2h, kNoon - 3600 + 700)) == AnswerOutcome::ClockImplausible);
}

TEST(OtpVerification, RefusesAnotherNameOnTheSameUid) {
  const Subject mallory{kAlice.uid, "mallory"};
  const auto result = verify_answer(*store, mallory, Origin::Self,
                                    SecretBytes(std::string_view(code_at(kNoon))), at(1h), limits);
  CHECK(result.error().code == Errc::Untrusted);
  const auto standing = standing_of(*store, mallory, Origin::Self, at(1h), limits, {});
  CHECK_TRUE(standing->owner_mismatch);
  STRCMP_EQUAL("alice", standing->recorded_name.c_str());
  CHECK_FALSE(standing->has_code);
  CHECK(standing->highest == Level::None);
  CHECK(outcome(code_at(kNoon), at(1h)) == AnswerOutcome::Accepted);
}

TEST(OtpVerification, SaysWhatASubjectHolds) {
  const auto alice = standing_of(*store, kAlice, Origin::Self, at(1h), limits, {});
  CHECK_TRUE(alice->has_code);
  CHECK_FALSE(alice->has_recovery_code);
  CHECK(alice->highest == Level::Otp);
  const auto bob = standing_of(*store, kBob, Origin::Self, at(1h), limits, {});
  CHECK_FALSE(bob->has_code || bob->owner_mismatch);
  CHECK(bob->highest == Level::None);
  CHECK(outcome("123456", at(1h), Origin::Self, kBob) == AnswerOutcome::NotACode);
}

TEST(OtpVerification, RefusesWithoutTheSealingKeyButTakesRecoveryCodes) {
  give_recovery_codes(kAlice, {std::string(kRecovery)});
  store.reset();
  state.write("seal.key", std::string(32, 'x'));
  open();
  for (int i = 0; i < 6; ++i) {
    const auto result =
        verify_answer(*store, kAlice, Origin::Self, SecretBytes(std::string_view(code_at(kNoon))),
                      at(1h), limits);
    CHECK(result.error().code == Errc::Untrusted);
  }
  CHECK(outcome(std::string(kRecovery), at(1h)) == AnswerOutcome::Accepted);
}

TEST(OtpVerification, TellsNothingWhenTheStoreCannotRecord) {
  std::filesystem::remove(state.file("stepup.db"));
  for (const std::string& answer : {code_at(kNoon), wrong_code()}) {
    const auto result = verify_answer(*store, kAlice, Origin::Self,
                                      SecretBytes(std::string_view(answer)), at(1h), limits);
    CHECK(result.error().code == Errc::Storage);
  }
}
