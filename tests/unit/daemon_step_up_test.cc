// SPDX-License-Identifier: ISC
// What stands between a person and a proof, and what they are told of.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/base/local_time.h"
#include "stepupd/daemon/step_up.h"
#include "stepupd/factor/recovery_code.h"

#include "tests/unit/dialogue_bench.h"  // CppUTest comes last
#include "tests/unit/enrolled_store.h"

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;
using wire::CancelReason;
using wire::MessageId;
using wire::VerdictCode;

namespace {

constexpr std::string_view kOtherKey = "09876543210987654321";
const std::deque<DialogueBench::Act> kThreeWrong = {"000000", "000000", "000000"};

}  // namespace

TEST_GROUP_BASE(StepUp,
                DialogueFixture){void notice(store::ChangeNotice::Kind kind, const char* label){
    auto store = store::Store::open(bench.state.path(), "");
auto transaction = store->begin();
store::ChangeNotice notice;
notice.kind = kind;
notice.factor = FactorKind::Hotp;
notice.label = label;
notice.actor = "mallory";
CHECK_TRUE(transaction->add_notice(kAlice.uid, notice).has_value());
CHECK_TRUE(transaction->commit().has_value());
}
}
;

TEST(StepUp, RefusesTheCredentialsOfAnotherName) {
  bench.enrol({kAlice.uid, "alicia"});
  bench.start(rule_set(rule()));
  const auto course = bench.check(sudo(), alice());
  check(VerdictCode::Denied, MessageId::RefusedOwnerMismatch, 0, course);
  CHECK_TRUE(course.verdict.words.args == (std::vector<std::string>{"1000", "alicia", "alice"}));
}

TEST(StepUp, NamesTheLevelThatNothingEnrolledReaches) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule(Level::Touch)));
  const auto course = bench.check(sudo(), alice());
  check(VerdictCode::Denied, MessageId::RefusedLevel, 0, course);
  CHECK_TRUE(course.verdict.words.args == (std::vector<std::string>{"sudo", "host", "touch"}));
}

// Or a slip in a file would open the host to its user while others are given time to enrol.
TEST(StepUp, DoesNotTakeSomebodyWhoseDeclaredKeysCannotBeReadForUnenrolled) {
  bench.conf_dir = bench.state.path();  // where others may write
  rules::RuleSet set = rule_set(rule());
  set.settings.unenrolled = {true, 4'000'000'000};
  Engine& engine = bench.start(std::move(set));
  check(VerdictCode::Unavailable, MessageId::RefusedDeclared, 0, bench.check(sudo(), alice()));
  CHECK_TRUE(engine.declared_problems.contains(kAlice.uid));
}

TEST(StepUp, LocksOutAfterFiveWrongCodesAndThenAsksNobody) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  check(VerdictCode::Denied, MessageId::RefusedWrongCode, 3,
        bench.check(sudo(), alice(), kThreeWrong));
  check(VerdictCode::LockedOut, MessageId::RefusedLockedOut, 2,
        bench.check(sudo(), in_process(101), kThreeWrong));
  check(VerdictCode::LockedOut, MessageId::RefusedLockedOut, 0,
        bench.check(sudo(), in_process(102)));
}

TEST(StepUp, SpeaksOfTheClockWhereItIsNotSynchronised) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  wire::CheckRequest request = sudo();
  request.clock = wire::ClockState::Unsynchronised;
  check(VerdictCode::Denied, MessageId::RefusedWrongClock, 3,
        bench.check(request, alice(), kThreeWrong));
}

// The day alone is mostly right when a clock was an hour ahead, and would say nothing.
TEST(StepUp, SaysWhatTimeItIsByAClockThatIsBehindTheLastCode) {
  store::Credential phone;
  phone.owner = kAlice;
  phone.label = "phone";
  phone.last_step = 4'000'000'000 / 30;
  bench.enrol(phone, SecretBytes(std::string_view("12345678901234567890")));
  const Engine& engine = bench.start(rule_set(rule()));
  const std::string before = utc_time(engine.now().unix_seconds);
  const auto course = bench.check(sudo(), alice(), {"123456"});
  check(VerdictCode::Denied, MessageId::RefusedClockImplausible, 1, course);
  const auto& args = course.verdict.words.args;
  CHECK_TRUE(args == (std::vector<std::string>{"host", before}) ||
             args == (std::vector<std::string>{"host", utc_time(engine.now().unix_seconds)}));
}

TEST(StepUp, AsksForNoTouchWhereThePersonDoesNotSit) {
  bench.enrol(store::security_key_of(kAlice), {});
  bench.start(rule_set(rule(Level::Touch)));
  check(VerdictCode::Denied, MessageId::RefusedRemoteTouch, 0, bench.check(sudo(), alice()));
  bench.obey(rule_set(rule(Level::Otp)));
  check(VerdictCode::Denied, MessageId::RefusedRemoteTouch, 0, bench.check(sudo(), alice()));
}

TEST(StepUp, TakesACodeFromAfarForNoMoreThanACode) {
  bench.enrol(store::security_key_of(kAlice), {});
  bench.enrol(kAlice);
  bench.start(rule_set(rule(Level::Touch)));
  check(VerdictCode::Denied, MessageId::RefusedRemoteTouch, 0, bench.check(sudo(), alice()));
  bench.obey(rule_set(rule(Level::Otp)));
  check(VerdictCode::Granted, MessageId::None, 1,
        bench.check(sudo(), alice(), {DialogueBench::code(0)}));
  // That grant is none of a touch.
  bench.obey(rule_set(rule(Level::Touch)));
  check(VerdictCode::Denied, MessageId::RefusedRemoteTouch, 0,
        bench.check(sudo(), in_process(101)));
}

TEST(StepUp, TellsWhatIsWrongWithEachAnswer) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  const auto course = bench.check(sudo(), alice(), {"000000", "password", DialogueBench::code(0)});
  check(VerdictCode::Granted, MessageId::None, 3, course);
  CHECK_TRUE(course.told == (std::vector{MessageId::WrongCode, MessageId::NotACode}));
  const auto again =
      bench.check(sudo(), in_session(8), {DialogueBench::code(0), CancelReason::EmptyAnswer});
  check(VerdictCode::Denied, MessageId::RefusedCancelled, 2, again);
  CHECK_TRUE(again.told == std::vector{MessageId::PressedCodeUsed});
}

TEST(StepUp, TellsHowToGetACodeThatWasNotUsed) {
  constexpr const char* kRecoveryCode = "ababcdefghjkmn";
  bench.enrol(store::phone_of(kAlice), SecretBytes(kOtherKey));
  {
    auto store = store::Store::open(bench.state.path(), "");
    auto transaction = store->begin();
    const auto hash =
        factor::hash_recovery_code(SecretBytes(std::string_view(kRecoveryCode)), {4, 8, 1});
    CHECK_TRUE(transaction->replace_recovery_codes(kAlice.uid, {&*hash, 1}, 0).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  bench.start(rule_set(rule()));
  const std::string shown = DialogueBench::code(time(nullptr) / 30, kOtherKey);
  check(VerdictCode::Granted, MessageId::None, 1, bench.check(sudo(), alice(), {shown}));
  check(VerdictCode::Granted, MessageId::None, 1,
        bench.check(sudo(), in_session(8), {kRecoveryCode}));
  const auto again =
      bench.check(sudo(), in_session(9), {shown, kRecoveryCode, CancelReason::EmptyAnswer});
  CHECK_TRUE(again.told == (std::vector{MessageId::CodeAlreadyUsed, MessageId::RecoveryCodeSpent}));
}

TEST(StepUp, TellsOfAChangeOnceToWhoeverProved) {
  bench.enrol(kAlice);
  notice(store::ChangeNotice::Kind::Added, "fob");
  notice(store::ChangeNotice::Kind::Removed, "old fob");
  bench.start(rule_set(rule()));
  const auto refused = bench.check(sudo(), alice(), {CancelReason::Interrupted});
  CHECK_TRUE(refused.told.empty());
  const auto first = bench.check(sudo(), in_process(101), {DialogueBench::code(0)});
  CHECK_TRUE(first.told == (std::vector{MessageId::CredentialAdded, MessageId::CredentialRemoved}));
  CHECK_TRUE(bench.check(sudo(), in_session(8), {DialogueBench::code(1)}).told.empty());
}

TEST(StepUp, LetsNoNewAuthenticatorHideThatItWasAdded) {
  bench.enrol(kAlice);
  bench.enrol(kAlice, "thief's", kOtherKey);
  notice(store::ChangeNotice::Kind::Added, "thief's");
  bench.start(rule_set(rule()));
  const auto told = [&](std::uint64_t session, const std::string& code) {
    const auto course = bench.check(sudo(), in_session(session), {code});
    CHECK_TRUE(course.verdict.code == VerdictCode::Granted);
    return course.told == std::vector{MessageId::CredentialAdded};
  };
  CHECK_TRUE(told(8, DialogueBench::code(0, kOtherKey)));
  CHECK_TRUE(told(9, DialogueBench::code(1, kOtherKey)));
  CHECK_TRUE(told(10, DialogueBench::code(0)));
  CHECK_FALSE(told(11, DialogueBench::code(1)));
}

TEST(StepUp, LetsNoRecoveryCodeHideThatTheCodesWereReplaced) {
  using Change = store::ChangeNotice::Kind;
  bench.enrol(kAlice);
  bench.give_recovery_codes({"abcdefghjkmnpq", "bcdefghjkmnpqr"});
  notice(Change::RecoveryReplaced, "");
  bench.start(rule_set(rule()));
  const auto told = [&](std::uint64_t session, const std::string& code) {
    const auto course = bench.check(sudo(), in_session(session), {code});
    CHECK_TRUE(course.verdict.code == VerdictCode::Granted);
    return std::ranges::find(course.told, MessageId::RecoveryCodesReplaced) != course.told.end();
  };
  CHECK_TRUE(told(8, "abcdefghjkmnpq"));
  CHECK_TRUE(told(9, DialogueBench::code(0)));
  CHECK_FALSE(told(10, DialogueBench::code(1)));
}

TEST(StepUp, SaysWhenThreeRecoveryCodesAreLeft) {
  bench.enrol(kAlice);
  bench.give_recovery_codes(
      {"abcdefghjkmnpq", "bcdefghjkmnpqr", "cdefghjkmnpqrs", "defghjkmnpqrst", "efghjkmnpqrstv"});
  bench.start(rule_set(rule()));
  const auto told = [&](std::uint64_t session, const std::string& code) {
    const auto course = bench.check(sudo(), in_session(session), {code});
    CHECK_TRUE(course.verdict.code == VerdictCode::Granted);
    return std::ranges::find(course.told, MessageId::FewRecoveryCodes) != course.told.end();
  };
  CHECK_FALSE(told(8, "abcdefghjkmnpq"));  // four
  CHECK_TRUE(told(9, "bcdefghjkmnpqr"));
  CHECK_FALSE(told(10, DialogueBench::code(0)));
}

TEST(StepUp, IsUnavailableWithoutItsStore) {
  bench.enrol(kAlice);
  std::ofstream(bench.state.file("stepup.db")) << "this is no database, and long enough for one";
  bench.start(rule_set(rule()));
  check(VerdictCode::Unavailable, MessageId::RefusedStorage, 0, bench.check(sudo(), alice()));
  // That is not the fault of the process: it is asked again.
  check(VerdictCode::Unavailable, MessageId::RefusedStorage, 0, bench.check(sudo(), alice()));
}

TEST(StepUp, TellsAFullQueueAndAForeignKeyFromAnOutage) {
  const Engine& engine = bench.start({});
  const auto verdict = [&](Errc code) { return unavailable(engine, {code, 0, "seal.key"}); };
  CHECK_TRUE(verdict(Errc::Busy).code == VerdictCode::LockedOut);
  CHECK_TRUE(verdict(Errc::Busy).words.id == MessageId::RefusedBusy);
  CHECK_TRUE(verdict(Errc::Untrusted).code == VerdictCode::Unavailable);
  CHECK_TRUE(verdict(Errc::Untrusted).words.id == MessageId::RefusedSealKey);
  CHECK_TRUE(verdict(Errc::Storage).code == VerdictCode::Unavailable);
  CHECK_TRUE(verdict(Errc::Storage).words.id == MessageId::RefusedStorage);
}

TEST(StepUp, RefusesForEveryKindOfNoAnswer) {
  using Kind = StepUpResult::Kind;
  const struct {
    Reply::Kind reply;
    Kind kind;
    MessageId words;
  } cases[] = {
      {Reply::Kind::NoConversation, Kind::Unable,  MessageId::RefusedNoConversation},
      {Reply::Kind::TimedOut,       Kind::Refused, MessageId::RefusedTimedOut      },
      {Reply::Kind::Interrupted,    Kind::Refused, MessageId::RefusedCancelled     },
      {Reply::Kind::Empty,          Kind::Refused, MessageId::RefusedCancelled     },
      {Reply::Kind::Unusable,       Kind::Refused, MessageId::RefusedWrongCode     },
      {Reply::Kind::Answered,       Kind::Refused, MessageId::RefusedWrongCode     },
  };
  for (const auto& c : cases) {
    const StepUpResult result = not_answered(c.reply, {}, "host");
    CHECK_TRUE(result.kind == c.kind);
    CHECK_TRUE(result.refusal.code == VerdictCode::Denied);
    CHECK_TRUE(result.refusal.words.id == c.words);
  }
}

TEST(StepUp, CountsTheTimeLeftInWholeSecondsAndNeverToZero) {
  STRCMP_EQUAL("1", seconds_left(0s).c_str());
  STRCMP_EQUAL("1", seconds_left(1ms).c_str());
  STRCMP_EQUAL("60", seconds_left(59s + 1ms).c_str());
  STRCMP_EQUAL("200", seconds_left(200s).c_str());
  STRCMP_EQUAL("2026-11-24", date_of(1'795'478'400).c_str());
}
