// SPDX-License-Identifier: ISC
// Which login over ssh is taken for the continuation of another.
#include <chrono>
#include <string>

#include "stepupd/daemon/check_dialogue.h"
#include "stepupd/daemon/source_reuse.h"
#include "tests/unit/random_policy.h"

#include "tests/unit/dialogue_bench.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;
using wire::MessageId;
using wire::Phase;
using wire::Program;
using wire::VerdictCode;

namespace {

constexpr const char* kPublicKey = "publickey ssh-ed25519 AAAAC3Nz\n";

wire::CheckRequest login(std::string info = kPublicKey, std::string address = "192.0.2.7") {
  wire::CheckRequest request = sudo();
  request.phase = Phase::Auth;
  request.program = Program::Other;
  request.service = "sshd";
  request.rhost_hint = std::move(address);
  request.ssh_auth_info = std::move(info);
  return request;
}

rules::RuleSet reusing(BootTime reuse, policy::Rule asks = rule()) {
  rules::RuleSet set = rule_set(std::move(asks));
  set.settings.source_reuse = reuse;
  return set;
}

}  // namespace

TEST_GROUP(SourceReuse) {
  DialogueBench bench;
  pid_t process = 1000;

  // How often a code is asked for, where each has a right one; -1 when it is refused.
  int prompts(const wire::CheckRequest& request, std::uint64_t counter) {
    const auto course = bench.check(request, in_process(++process), {DialogueBench::code(counter)});
    return course.verdict.code == VerdictCode::Granted ? course.prompts : -1;
  }
};

TEST(SourceReuse, AsksOnceForLoginsOfOneKeyFromOneAddress) {
  bench.enrol(kAlice);
  bench.start(reusing(60s));
  LONGS_EQUAL(1, prompts(login(), 0));
  for (int times = 0; times < 20; ++times) LONGS_EQUAL(0, prompts(login(), 9));
  LONGS_EQUAL(1, prompts(login("publickey ssh-ed25519 AAAAother\n"), 1));
  LONGS_EQUAL(1, prompts(login(kPublicKey, "192.0.2.8"), 2));
  LONGS_EQUAL(1, prompts(login(kPublicKey, "::ffff:192.0.2.7"), 3));
  bench.engine().ledger.forget_subject(kAlice.uid);
  LONGS_EQUAL(1, prompts(login(), 4));
}

TEST(SourceReuse, AsksEachTimeWhereItIsNotAllowedOrNotSure) {
  bench.enrol(kAlice);
  bench.start(reusing(BootTime::zero()));
  std::uint64_t counter = 0;
  const auto asks_twice = [&](const wire::CheckRequest& request) {
    const int first = prompts(request, counter++);
    return first == 1 && prompts(request, counter++) == 1;
  };
  CHECK_TRUE(asks_twice(login()));
  policy::Rule each = rule();
  each.scope = Scope::Process;
  bench.obey(reusing(60s, each));
  CHECK_TRUE(asks_twice(login()));
  each = rule();
  each.max_idle = BootTime::zero();
  bench.obey(reusing(60s, each));
  CHECK_TRUE(asks_twice(login()));
  each = rule();
  each.max_age = BootTime::zero();
  bench.obey(reusing(60s, each));
  CHECK_TRUE(asks_twice(login()));
  bench.obey(reusing(60s));
  CHECK_TRUE(asks_twice(login(kPublicKey, "host.example")));
  CHECK_TRUE(asks_twice(login("password\n")));
}

TEST(SourceReuse, RefusesALoginThatHasProvedNothingYetAndAsksNobody) {
  bench.enrol(kAlice);
  bench.start(reusing(60s));
  wire::CheckRequest unknown = login();
  unknown.ssh_auth_info.reset();
  for (const auto& request : {unknown, login(""), login(" \n")}) {
    const auto course = bench.check(request, in_process(++process));
    CHECK_TRUE(course.verdict.code == VerdictCode::Denied);
    CHECK_TRUE(course.verdict.words.id == MessageId::RefusedFirstFactor);
    CHECK_EQUAL(0, course.prompts);
  }
  // Behind a module that took a password.
  unknown.has_authtok = true;
  LONGS_EQUAL(1, prompts(unknown, 0));

  unknown.has_authtok = false;
  rules::RuleSet monitor = reusing(60s);
  monitor.settings.mode = rules::Mode::Monitor;
  bench.obey(monitor);
  CHECK_TRUE(bench.check(unknown, in_process(++process)).verdict.code == VerdictCode::NotRequired);
}

TEST(SourceReuse, EndsWithItsTimeAndIsNoStrongerThanWhatWasProved) {
  SourceReuse reuse;
  const LoginPlace place{1000, "192.0.2.7", {1}};
  policy::Demand demand;
  demand.level = Level::Otp;
  demand.max_age = 15min;
  const auto meets = [&](BootTime within, BootTime now, const LoginPlace& where) {
    return reuse.meet(demand, where, within, now);
  };
  reuse.note(place, Level::Otp, FactorKind::Totp, 100s);
  CHECK_TRUE(meets(60s, 100s, place));
  CHECK_TRUE(meets(60s, 159s, place));
  CHECK_FALSE(meets(60s, 160s, place));
  CHECK_FALSE(meets(60s, 99s, place));
  CHECK_FALSE(meets(60s, 100s, {1001, "192.0.2.7", {1}}));
  CHECK_FALSE(meets(60s, 100s, {1000, "192.0.2.7", {2}}));
  CHECK_FALSE(meets(60s, 100s, {1000, "192.0.2.70", {1}}));
  demand.level = Level::Touch;
  CHECK_FALSE(meets(60s, 100s, place));
  for (uid_t other = 2000; other < 2000 + 1024; ++other) {
    reuse.note({other, "192.0.2.7", {1}}, Level::Otp, FactorKind::Totp, 110s);
  }
  demand.level = Level::Otp;
  CHECK_FALSE(meets(60s, 120s, place));
  CHECK_TRUE(meets(60s, 120s, {2000, "192.0.2.7", {1}}));
}

// ARCHITECTURE section 4: rules only ever tighten.
TEST(SourceReuse, IsNeverMadeGoodByAFurtherRule) {
  policy::RandomPolicy random(7);
  SourceReuse reuse;
  const LoginPlace place{1000, "192.0.2.7", {1}};
  reuse.note(place, Level::Otp, FactorKind::Totp, 100s);
  int met = 0;
  for (int i = 0; i < 5000; ++i) {
    std::vector<policy::Rule> rules = random.rules(1 + random.pick(3));
    const policy::Facts facts = random.facts();
    const policy::Demand fewer = policy::join(rules, facts).enforced;
    rules.push_back(random.rule());
    const policy::Demand more = policy::join(rules, facts).enforced;
    const bool before = reuse.meet(fewer, place, 15min, 130s);
    CHECK_TRUE(before || !fewer.asks() || !reuse.meet(more, place, 15min, 130s));
    met += before && more.asks() ? 1 : 0;
  }
  CHECK_TRUE(met > 0);
}
