// SPDX-License-Identifier: ISC
// What a login that was reported means to later requests, and its end.
#include <chrono>
#include <memory>

#include "stepupd/daemon/check_dialogue.h"

#include "tests/unit/dialogue_bench.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;
using wire::MessageId;
using wire::Phase;
using wire::Program;
using wire::VerdictCode;

TEST_GROUP_BASE(LoginDialogue, DialogueFixture){};

TEST(LoginDialogue, LetsALoginWithATouchedKeyCountWhereRulesAndSettingsSaySo) {
  bench.enrol(kAlice);
  wire::CheckRequest opening = sudo();
  opening.program = Program::Other;
  opening.phase = Phase::OpenSession;
  opening.service = "sshd";
  opening.ssh_auth_info = "publickey sk-ssh-ed25519@openssh.com AAAA\n";
  policy::Rule counts = rule(Level::Touch);
  counts.login_counts = true;
  rules::RuleSet set = rule_set(counts);
  bench.start(set);
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(opening, reporter()));
  const auto asked = [&] {
    return bench.check(sudo(), alice()).verdict.words.id == MessageId::RefusedLevel;
  };
  CHECK_TRUE(asked());
  set.settings.sk_requires_touch = true;
  bench.obey(set);
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(sudo(), alice()));
  CHECK_TRUE(bench.engine().ledger.all().empty());
  // Not in another session, nor for a narrower scope, a stronger demand or none of any age.
  CHECK_FALSE(bench.check(sudo(), in_session(8)).verdict.code == VerdictCode::Granted);
  const auto asked_by = [&](auto change) {
    rules::RuleSet changed = set;
    change(changed.rules[0]);
    bench.obey(changed);
    return bench.check(sudo(), alice()).verdict.code != VerdictCode::Granted;
  };
  CHECK_TRUE(asked_by([](policy::Rule& r) { r.scope = Scope::Tty; }));
  CHECK_TRUE(asked_by([](policy::Rule& r) { r.level = Level::TouchWithUv; }));
  CHECK_TRUE(asked_by([](policy::Rule& r) { r.max_age = 0s; }));
  CHECK_TRUE(asked_by([](policy::Rule& r) { r.login_counts = false; }));
  CHECK_FALSE(asked_by([](policy::Rule&) {}));
  bench.engine().ledger.forget_subject(kAlice.uid);
  CHECK_TRUE(asked_by([](policy::Rule&) {}));
}

TEST(LoginDialogue, LetsTheCodeOfALoginCountInItsSession) {
  bench.enrol(kAlice);
  policy::Rule counts = rule();
  counts.login_counts = true;
  bench.start(rule_set(counts));
  wire::CheckRequest login = sudo();
  login.program = Program::Other;
  login.phase = Phase::Auth;
  login.service = "sshd";
  login.has_authtok = true;
  CHECK_TRUE(is_asked(login, reporter(), 0));
  login.phase = Phase::OpenSession;
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(login, reporter()));
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(sudo(), alice()));
  session::Asker bob = alice();
  bob.real_uid = 1001;
  wire::CheckRequest by_bob = sudo();
  by_bob.caller = "bob";
  check(VerdictCode::Denied, MessageId::RefusedUnenrolled, 0, bench.check(by_bob, bob));
}

TEST(LoginDialogue, TakesTheSourceFromTheLoginWhereLogindDoesNotTell) {
  policy::Rule at_home = rule();
  at_home.except_source = {*policy::parse_network("192.0.2.0/24")};
  bench.enrol(kAlice);
  bench.start(rule_set(at_home));
  auto rules = std::make_shared<InForce>(*bench.engine().rules);
  rules->asks_origin = true;
  bench.engine().rules = rules;
  CHECK_TRUE(is_asked(sudo(), in_session(9), 0));
  wire::CheckRequest opening = sudo();
  opening.program = Program::Other;
  opening.phase = Phase::OpenSession;
  opening.service = "sshd";
  opening.rhost_hint = "192.0.2.7";
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(opening, reporter()));
  check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(sudo(), alice()));
  CHECK_TRUE(is_asked(sudo(), in_session(8), 1));
}

TEST(LoginDialogue, KnowsALoginUntilItsOwnProcessClosesIt) {
  bench.start(rule_set(rule()));
  wire::CheckRequest report = sudo();
  report.program = Program::Other;
  const auto tell = [&](Phase phase, const session::Asker& process) {
    report.phase = phase;
    check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(report, process));
    return bench.engine().ledger.logins().find(alice().where.session);
  };
  CHECK_TRUE(tell(Phase::OpenSession, reporter())->counts);
  CHECK_FALSE(tell(Phase::CloseSession, in_process(51))->counts);
  POINTERS_EQUAL(nullptr, tell(Phase::CloseSession, reporter()));
}

TEST(LoginDialogue, NoticesThatWhoReportedALoginHasEndedWithoutAWord) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  wire::CheckRequest report = sudo();
  report.program = Program::Other;
  report.phase = Phase::OpenSession;
  session::Asker dead = reporter();
  --dead.where.process_start;  // its number is somebody else's by now
  (void)bench.check(report, dead);
  CHECK_TRUE(is_asked(sudo(), alice(), 0));  // which ends the session that had been reported
  POINTERS_EQUAL(nullptr, bench.engine().ledger.logins().find(alice().where.session));
  check(VerdictCode::Granted, MessageId::None, 0, bench.check(sudo(), alice()));
}

TEST(LoginDialogue, ForgetsWhatASessionProvedWhenItEnds) {
  bench.enrol(kAlice);
  bench.start(rule_set(rule()));
  CHECK_TRUE(is_asked(sudo(), alice(), 0));
  wire::CheckRequest ending = sudo();
  ending.program = Program::Other;
  const auto report = [&](Phase phase, Program program, const session::Asker& asker) {
    ending.phase = phase;
    ending.program = program;
    check(VerdictCode::NotRequired, MessageId::None, 0, bench.check(ending, asker));
    return bench.engine().ledger.all().size();
  };
  // The end of another session, of a command of sudo's, or a beginning.
  CHECK_EQUAL(1, report(Phase::CloseSession, Program::Other, in_session(8)));
  CHECK_EQUAL(1, report(Phase::CloseSession, Program::Sudo, alice()));
  CHECK_EQUAL(1, report(Phase::OpenSession, Program::Other, alice()));
  CHECK_EQUAL(0, report(Phase::CloseSession, Program::Other, alice()));
  CHECK_TRUE(is_asked(sudo(), alice(), 1));
}
