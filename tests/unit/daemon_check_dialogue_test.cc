// SPDX-License-Identifier: ISC
// Who passes, who is asked and who is refused, with a real store and worker behind the dialogue.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/check_dialogue.h"

#include "tests/unit/dialogue_bench.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;
using wire::CancelReason;
using wire::MessageId;
using wire::Phase;
using wire::Program;
using wire::VerdictCode;

TEST_GROUP_BASE(CheckDialogue, DialogueFixture){};

TEST(CheckDialogue, PassesWhereNothingIsDemanded) {
  policy::Rule reports = rule();
  reports.enforce = false;
  bench.start(rule_set(reports));
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(sudo(), alice()));
  wire::CheckRequest login = sudo();
  login.service = "login";
  login.program = Program::Other;
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(login, alice()));
}

TEST(CheckDialogue, RefusesWithoutAnyRulesAndNamesTheirFault) {
  Engine& engine = bench.start({});
  engine.rules = nullptr;
  engine.rules_problem = "stepupd.conf:3:1: unknown key";
  const auto course = bench.check(sudo(), alice());
  check(VerdictCode::Unavailable, MessageId::RefusedNoRules, 0, course);
  CHECK_TRUE(course.verdict.words.args == (std::vector<std::string>{engine.rules_problem}));
}

TEST(CheckDialogue, RefusesAUserThatDoesNotExistEvenWhereNothingIsDemanded) {
  bench.start({});
  wire::CheckRequest login = sudo();
  login.program = Program::Other;
  login.pam_user_uid = kNoUid;
  check(VerdictCode::Denied, MessageId::Refused, 0, bench.check(login, alice()));
}

TEST(CheckDialogue, T10RefusesACallerWhoseUidHasNoAccount) {
  policy::Rule others = rule();
  others.user = {
      {policy::Principal::Kind::User, "games", policy::Principal::Lookup::Found, 5}
  };
  Engine& engine = bench.start(rule_set(others));
  (void)engine.activity.take();
  session::Asker subordinate = alice();
  subordinate.real_uid = 100'001;
  wire::CheckRequest request = sudo();
  request.caller = "";
  check(VerdictCode::Denied, MessageId::Refused, 0, bench.check(request, subordinate));
  CHECK_TRUE(engine.activity.empty());
}

TEST(CheckDialogue, AsksRootOnlyWhereARuleNamesRoot) {
  session::Asker root = alice();
  root.real_uid = 0;
  bench.start(rule_set(rule()));
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(sudo(), root));
  policy::Rule named = rule();
  named.user = {
      {policy::Principal::Kind::User, "root", policy::Principal::Lookup::Found, 0}
  };
  bench.obey(rule_set(named));
  check(VerdictCode::Denied, MessageId::RefusedUnenrolled, 0, bench.check(sudo(), root));
}

TEST(CheckDialogue, AsksNobodyWhoOnlyLists) {
  bench.start(rule_set(rule()));
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(sudo({"sudo", "-l"}), alice()));
  check(VerdictCode::Denied, MessageId::RefusedUnenrolled, 0,
        bench.check(sudo({"sudo", "-l", "id"}), alice()));
}

TEST(CheckDialogue, AsksNobodyInMonitorMode) {
  rules::RuleSet set = rule_set(rule());
  set.settings.mode = rules::Mode::Monitor;
  bench.start(set);
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(sudo(), alice()));
}

TEST(CheckDialogue, LetsTheUnenrolledPassUntilTheDateAndNoLonger) {
  rules::RuleSet set = rule_set(rule());
  bench.start(set);
  const std::int64_t now = bench.engine().now().unix_seconds;
  const auto with = [&](Level level, bool allow, std::int64_t until) {
    rules::RuleSet changed = rule_set(rule(level));
    changed.settings.unenrolled = {allow, until};
    bench.obey(changed);
    return bench.check(sudo(), alice());
  };
  check(VerdictCode::Denied, MessageId::RefusedUnenrolled, 0, with(Level::Otp, false, now + 3600));
  check(VerdictCode::Denied, MessageId::RefusedUnenrolled, 0, with(Level::Otp, true, now - 1));
  check(VerdictCode::NotRequired, MessageId::None, 0, with(Level::Otp, true, now + 3600));
  check(VerdictCode::NotRequired, MessageId::None, 0, with(Level::Touch, true, now + 3600));
  check(VerdictCode::Denied, MessageId::RefusedLevel, 0, with(Level::Touch, true, now - 1));
}

TEST(CheckDialogue, RemindsWhoIsLetThroughWithoutAFactorOnceADay) {
  rules::RuleSet set = rule_set(rule());
  bench.start(set);
  set.settings.unenrolled = {true, bench.engine().now().unix_seconds + 3600};
  bench.obey(set);
  const auto told = [&](const wire::CheckRequest& request) {
    return bench.check(request, alice()).told;
  };
  // sudo -n says nothing, and is no reminder.
  CHECK_TRUE(told(sudo({"sudo", "-n", "id"})).empty());
  CHECK_TRUE(told(sudo()) == (std::vector<MessageId>{MessageId::EnrollReminder}));
  CHECK_TRUE(told(sudo()).empty());
  CHECK_TRUE(bench.engine().reminds_today(kAlice.uid + 1));
  CHECK_FALSE(bench.engine().reminds_today(kAlice.uid + 1));
}

// In the same process and for the same command line, whatever the rule says of the next one.
TEST(CheckDialogue, AsksOnceForTheAccountPhaseAndSudosPlugin) {
  bench.enrol(kAlice);
  policy::Rule every_time = rule();
  every_time.max_age = 0s;
  bench.start(rule_set(every_time));
  wire::CheckRequest plugin = sudo();
  plugin.phase = Phase::Approval;
  plugin.pam_user = "root";
  plugin.exact = wire::ExactCommand{.path = "/usr/bin/id", .argv = {"id"}, .cwd = "/"};
  CHECK_TRUE(is_asked(sudo(), alice(), 0));
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(plugin, alice()));
  CHECK_TRUE(is_asked(plugin, alice(), 1));
  // Both phases of the module, and then the plugin.
  wire::CheckRequest auth = sudo();
  auth.phase = Phase::Auth;
  CHECK_TRUE(is_asked(auth, alice(), 2));
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(sudo(), alice()));
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(plugin, alice()));
  // Another process, and another command.
  CHECK_TRUE(is_asked(sudo(), alice(), 3));
  CHECK_TRUE(is_asked(plugin, in_process(101), 4));
  wire::CheckRequest other = plugin;
  other.argv = {"sudo", "ls"};
  CHECK_TRUE(is_asked(other, alice(), 5));
}

TEST(CheckDialogue, AsksForTheWeakerFactorOfWhomItMightLetPass) {
  bench.enrol(kAlice);
  rules::RuleSet set = rule_set(rule(Level::Touch));
  bench.start(set);
  set.settings.unenrolled = {true, bench.engine().now().unix_seconds + 3600};
  bench.obey(set);
  check(VerdictCode::Denied, MessageId::RefusedWrongCode, 3,
        bench.check(sudo(), alice(), {"000000", "000000", "000000"}));
  check(VerdictCode::Granted, MessageId::None, 1,
        bench.check(sudo(), in_process(101), {DialogueBench::code(0)}));
}

TEST(CheckDialogue, RefusesWithTheRulesOwnWordsWhateverWasProved) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  CHECK_TRUE(is_asked(sudo(), alice(), 0));
  policy::Rule closed = rule();
  closed.deny = "Use the bastion.";
  rules::RuleSet set = rule_set(closed);
  set.settings.unenrolled = {true, bench.engine().now().unix_seconds + 3600};
  bench.obey(set);
  const auto course = bench.check(sudo(), in_process(101));
  check(VerdictCode::Denied, MessageId::RefusedByRule, 0, course);
  CHECK_TRUE(
      (course.verdict.words.args == std::vector<std::string>{"sudo", "host", "Use the bastion."}));
  closed.enforce = false;
  bench.obey(rule_set(closed));
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(sudo(), in_process(101)));
  set.settings.mode = rules::Mode::Monitor;
  bench.obey(set);
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(sudo(), in_process(102)));
}

TEST(CheckDialogue, LetsNobodyPassForAFactorThatNoneHasLeft) {
  policy::Rule otp = rule();
  otp.factors = {FactorKind::Totp};
  rules::RuleSet set = rule_set(otp);
  policy::Rule key = rule();
  key.name = "key";
  key.factors = {FactorKind::Fido2};
  set.rules.push_back(key);
  bench.start(set);
  set.settings.unenrolled = {true, bench.engine().now().unix_seconds + 3600};
  bench.obey(set);
  check(VerdictCode::Denied, MessageId::RefusedNoFactorCounts, 0, bench.check(sudo(), alice()));
}

TEST(CheckDialogue, AsksForAFactorThatCountsAndTakesNoOther) {
  bench.enrol(kAlice);
  policy::Rule other = rule();
  other.factors = {FactorKind::Totp, FactorKind::Fido2};
  rules::RuleSet set = rule_set(other);
  bench.start(set);
  const auto course = bench.check(sudo(), alice());
  check(VerdictCode::Denied, MessageId::RefusedFactorKind, 0, course);
  STRCMP_EQUAL("totp, fido2", course.verdict.words.args.at(2).c_str());
  // Until the date, what is held instead.
  set.settings.unenrolled = {true, bench.engine().now().unix_seconds + 3600};
  bench.obey(set);
  CHECK_TRUE(is_asked(sudo(), alice(), 0));
  CHECK_TRUE(is_asked(sudo(), in_process(101), 1));  // and again: it still does not count
  other.factors.add(FactorKind::Hotp);
  bench.obey(rule_set(other));
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(sudo(), in_process(102)));
}

TEST(CheckDialogue, KnowsItsHostsTags) {
  policy::Rule db = rule();
  db.host_tag = {"db"};
  rules::RuleSet set = rule_set(db);
  bench.start(set);
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(sudo(), alice()));
  set.settings.tags = {"prod", "db"};
  bench.obey(set);
  check(VerdictCode::Denied, MessageId::RefusedUnenrolled, 0, bench.check(sudo(), alice()));
}

TEST(CheckDialogue, GrantsForTheSessionThatProved) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  CHECK_TRUE(is_asked(sudo(), alice(), 0));
  check(VerdictCode::Granted, MessageId::None, 0,
        bench.check(sudo({"sudo", "ls"}), in_process(101)));
  CHECK_TRUE(is_asked(sudo(), in_session(8), 1));
}

TEST(CheckDialogue, KeepsNoGrantThatMustNotOutliveItsProcess) {
  bench.enrol(kAlice);
  policy::Rule every_time = rule();
  every_time.max_age = 0s;
  policy::Rule this_process = rule();
  this_process.scope = Scope::Process;
  session::Asker unbound = alice();
  unbound.where.widest = Scope::Process;
  const std::pair<policy::Rule, session::Asker> cases[] = {
      {every_time,   alice()},
      {this_process, alice()},
      {rule(),       unbound}
  };
  bench.start({});
  std::uint64_t counter = 0;
  for (const auto& [rule, asker] : cases) {
    bench.obey(rule_set(rule));
    CHECK_TRUE(is_asked(sudo(), asker, counter++));
    CHECK_TRUE(bench.engine().ledger.all().empty());
    CHECK_TRUE(is_asked(sudo(), asker, counter++));
  }
}

TEST(CheckDialogue, GrantsSudoVForItsTerminalAlone) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  CHECK_TRUE(is_asked(sudo({"sudo", "-v"}), alice(), 0));
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(sudo(), in_process(101)));
  session::Asker elsewhere = in_process(102);
  elsewhere.where.tty = 0x8803;
  CHECK_TRUE(is_asked(sudo(), elsewhere, 1));
}

TEST(CheckDialogue, TakesTheAuthPhaseForTheAccountPhaseOnceAndForTheSameCommand) {
  bench.enrol(kAlice);
  policy::Rule every_time = rule();
  every_time.max_age = 0s;
  bench.start(rule_set(every_time));
  wire::CheckRequest auth = sudo();
  auth.phase = Phase::Auth;
  const wire::CheckRequest account = sudo();
  CHECK_TRUE(is_asked(auth, alice(), 0));
  CHECK_TRUE(is_asked(auth, alice(), 1));  // another auth phase takes nothing over
  CHECK_TRUE(is_asked(sudo({"sudo", "id", "-u"}), alice(), 2));
  CHECK_TRUE(is_asked(account, in_process(101), 3));
  wire::CheckRequest as_bob = account;
  as_bob.pam_user = "bob";
  CHECK_TRUE(is_asked(as_bob, alice(), 4));
  for (int each = 0; each < 2; ++each) {
    check(VerdictCode::Granted, MessageId::None, 0, bench.check(account, alice()));
  }
  CHECK_TRUE(is_asked(account, alice(), 5));
}

TEST(CheckDialogue, AsksAProcessThatWasRefusedNoSecondTime) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  check(VerdictCode::Denied, MessageId::RefusedCancelled, 1,
        bench.check(sudo(), alice(), {CancelReason::Interrupted}));
  check(VerdictCode::Denied, MessageId::None, 0, bench.check(sudo(), alice()));
  // Another process is asked, and so is one that could not be.
  check(VerdictCode::Denied, MessageId::RefusedNoConversation, 1,
        bench.check(sudo(), in_process(101), {CancelReason::NoConversation}));
  CHECK_TRUE(is_asked(sudo(), in_process(101), 0));
  // What was proven elsewhere in the session counts for the refused one too.
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(sudo(), alice()));
}

TEST(CheckDialogue, GrantsNothingToAnythingButARightCode) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  const struct {
    std::deque<DialogueBench::Act> acts;
    MessageId words;
  } cases[] = {
      {{"000000", "000000", "000000"}, MessageId::RefusedWrongCode},
      {{CancelReason::EmptyAnswer},    MessageId::RefusedCancelled},
      {{CancelReason::Unusable},       MessageId::RefusedWrongCode},
  };
  pid_t process = 300;
  for (const auto& c : cases) {
    check(VerdictCode::Denied, c.words, static_cast<int>(c.acts.size()),
          bench.check(sudo(), in_process(process), c.acts));
    check(VerdictCode::Denied, MessageId::None, 0, bench.check(sudo(), in_process(process++)));
  }
  CHECK_TRUE(bench.engine().ledger.all().empty());
}

TEST(CheckDialogue, SaysThatTheRulesAreOldToWhoIsRefused) {
  bench.enrol(kAlice);
  bench.start({});
  const rules::Problem problem{"stepupd.conf", 3, 1, "unknown key"};
  bench.obey(rule_set(rule()), problem);
  const auto refused = bench.check(sudo(), alice(), {CancelReason::Interrupted});
  CHECK_TRUE(refused.told == std::vector{MessageId::StaleRules});
  const auto granted = bench.check(sudo(), in_process(101), {DialogueBench::code(0)});
  CHECK_TRUE(granted.verdict.code == VerdictCode::Granted);
  CHECK_TRUE(granted.told.empty());
}
