// SPDX-License-Identifier: ISC
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/policy/join.h"
#include "stepupd/policy/match.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::policy;

namespace {

using Kind = Principal::Kind;
using Lookup = Principal::Lookup;

const Principal kAlice{Kind::User, "alice", Lookup::Found, 1000};
const Principal kBob{Kind::User, "bob", Lookup::Found, 1001};
const Principal kRoot{Kind::User, "root", Lookup::Found, 0};
const Principal kWheel{Kind::Group, "wheel", Lookup::Found, 10};
const Principal kStaff{Kind::Group, "staff", Lookup::Found, 50};
const Principal kAbsent{Kind::User, "nobody-here", Lookup::Absent, kNoUid};
const Principal kUnknown{Kind::User, "carol", Lookup::Unknown, kNoUid};

Facts alice_by_sudo() {
  Facts facts;
  facts.family = "sudo";
  facts.pam_service = "sudo-i";
  facts.subject = 1000;
  facts.groups = std::vector<gid_t>{10, 1000};
  facts.target_user = "root";
  facts.target_uid = 0;
  facts.target_gid = 0;
  return facts;
}
Facts without_groups() {
  Facts facts = alice_by_sudo();
  facts.groups.reset();
  return facts;
}
Facts without_target() {
  Facts facts = alice_by_sudo();
  facts.target_user.reset();
  facts.target_uid.reset();
  facts.target_gid.reset();
  return facts;
}

// A rule with one condition.
template <typename Member, typename Value>
Rule rule_with(Member member, Value value) {
  Rule rule;
  rule.*member = {std::move(value)};
  return rule;
}
Rule rule_except(const Principal& user, const Principal& except) {
  Rule rule = rule_with(&Rule::user, user);
  rule.except_user = {except};
  return rule;
}

Demand demand_of(Level level, BootTime max_age, Scope scope, std::vector<std::size_t> rules) {
  Demand demand;
  demand.level = level;
  demand.max_age = max_age;
  demand.scope = scope;
  demand.login_counts = false;  // where one matching rule does not say so
  demand.rules = std::move(rules);
  return demand;
}

}  // namespace

TEST_GROUP(PolicyJoin){};

TEST(PolicyJoin, MatchesWhenEveryConditionHolds) {
  struct Case {
    const char* name;
    Rule rule;
    Facts facts;
    bool want;
  };
  const std::string sudo = "sudo";
  const Case cases[] = {
      {"no condition", Rule{}, alice_by_sudo(), true},
      {"family", rule_with(&Rule::service, sudo), alice_by_sudo(), true},
      {"another family", rule_with(&Rule::service, std::string("su")), alice_by_sudo(), false},
      {"pam_service is no family", rule_with(&Rule::service, std::string("sudo-i")),
       alice_by_sudo(), false},
      {"exact pam_service", rule_with(&Rule::pam_service, std::string("sudo-i")), alice_by_sudo(),
       true},
      {"family is no pam_service", rule_with(&Rule::pam_service, sudo), alice_by_sudo(), false},
      {"user", rule_with(&Rule::user, kAlice), alice_by_sudo(), true},
      {"another user", rule_with(&Rule::user, kBob), alice_by_sudo(), false},
      {"group", rule_with(&Rule::user, kWheel), alice_by_sudo(), true},
      {"not in the group", rule_with(&Rule::user, kStaff), alice_by_sudo(), false},
      {"gid equal to a uid", rule_with(&Rule::user, Principal{Kind::User, "x", Lookup::Found, 10}),
       alice_by_sudo(), false},
      {"groups unknown", rule_with(&Rule::user, kStaff), without_groups(), true},
      {"user that does not exist", rule_with(&Rule::user, kAbsent), alice_by_sudo(), false},
      {"user that is not known", rule_with(&Rule::user, kUnknown), alice_by_sudo(), true},
      {"target", rule_with(&Rule::target_user, kRoot), alice_by_sudo(), true},
      {"another target", rule_with(&Rule::target_user, kBob), alice_by_sudo(), false},
      {"target unknown", rule_with(&Rule::target_user, kBob), without_target(), true},
      {"excepted user", rule_except(kWheel, kAlice), alice_by_sudo(), false},
      {"excepted group", rule_except(kAlice, kWheel), alice_by_sudo(), false},
      {"another excepted", rule_except(kAlice, kBob), alice_by_sudo(), true},
      {"excepted, groups unknown", rule_except(kAlice, kWheel), without_groups(), true},
      {"excepted, user not known", rule_except(kAlice, kUnknown), alice_by_sudo(), true},
      {"excepted, does not exist", rule_except(kAlice, kAbsent), alice_by_sudo(), true},
  };
  for (const Case& c : cases) CHECK_TEXT(matches(c.rule, c.facts) == c.want, c.name);
}

TEST(PolicyJoin, ComparesTheTargetByUidWhereItIsKnown) {
  Principal local_bob = kBob;
  local_bob.local = true;
  Principal dbas = kStaff;
  dbas.members = {"oracle"};
  const auto target = [](const char* name, std::optional<uid_t> uid, std::optional<gid_t> gid) {
    Facts facts = without_target();
    if (*name != '\0') facts.target_user = name;
    facts.target_uid = uid;
    facts.target_gid = gid;
    return facts;
  };
  Facts by_su = target("eve", 1009, std::nullopt);
  by_su.target_groups = std::vector<gid_t>{100};
  Facts dba_by_su = by_su;
  dba_by_su.target_groups->push_back(50);
  struct Case {
    const char* name;
    Principal wanted;
    Facts facts;
    Holds want;
  };
  const Case cases[] = {
      {"another name of root", kRoot, target("toor", 0, 0), Holds::Yes},
      {"root by number", kRoot, target("", 0, {}), Holds::Yes},
      {"another number", kRoot, target("", 1, {}), Holds::No},
      {"not of this host, rule's is", local_bob, target("CORP\\b", {}, {}), Holds::No},
      {"another spelling, perhaps", kBob, target("BOB", {}, {}), Holds::Unknown},
      {"same name, not looked up", kUnknown, target("carol", {}, {}), Holds::Yes},
      {"rule's is not looked up", kUnknown, target("root", 0, 0), Holds::Unknown},
      {"no such account", kAbsent, target("root", 0, 0), Holds::No},
      {"listed in the group", dbas, target("oracle", {}, {}), Holds::Yes},
      {"its primary group", dbas, target("eve", 1009, 50), Holds::Yes},
      {"another primary group", dbas, target("eve", 1009, 100), Holds::No},
      {"primary group unknown", dbas, target("eve", {}, {}), Holds::Unknown},
      {"all groups known, none of them", dbas, by_su, Holds::No},
      {"all groups known, one of them", dbas, dba_by_su, Holds::Yes},
  };
  for (const Case& c : cases) {
    const auto results = explain(rule_with(&Rule::target_user, c.wanted), c.facts);
    UNSIGNED_LONGS_EQUAL(1, results.size());
    STRCMP_EQUAL_TEXT(to_string(c.want), to_string(results[0].holds), c.name);
  }
}

TEST(PolicyJoin, UnknownHoldsInAConditionAndNotInAnException) {
  Facts nothing;
  nothing.family = "sudo";
  Rule rule;
  rule.user = {kUnknown};
  rule.target_user = {kRoot};
  rule.command = {
      {"/usr/bin/id", {"/usr/bin/id"}}
  };
  rule.source = {*parse_network("10.0.0.0/8")};
  rule.remote = false;
  rule.tty = {"none"};
  rule.login_method = {"hwk"};
  rule.time = {*parse_time_window("mon")};
  rule.except_user = {kUnknown};
  rule.except_command = rule.command;
  rule.except_source = rule.source;
  CHECK_TRUE(matches(rule, nothing));
  const auto results = explain(rule, nothing);
  UNSIGNED_LONGS_EQUAL(11, results.size());
  for (const ConditionResult& result : results) {
    CHECK_TEXT(result.holds == Holds::Unknown && result.lets_match(), result.key);
  }
  // A tag is known or not there.
  rule.host_tag = {"db"};
  CHECK_FALSE(matches(rule, nothing));
}

TEST(PolicyJoin, KnowsSourceTerminalMethodAndTime) {
  Facts facts = alice_by_sudo();
  facts.source = LoginSource{*parse_address("10.1.2.3")};
  facts.remote = true;
  facts.tty = "pts/3";
  facts.login_methods = std::vector<std::string>{"hwk", "pin"};
  facts.host_tags = {"db", "prod"};
  facts.now = Moment{1764234000, std::chrono::hours(1)};  // Thursday, 2025-11-27 10:00 there
  Facts local = facts;
  local.source = LoginSource{};
  local.remote = false;
  local.tty = "";
  const Network ten = *parse_network("10.0.0.0/8");
  Rule except_ten;
  except_ten.except_source = {ten};
  Rule remote;
  remote.remote = true;
  const auto tty = [](const char* name) { return rule_with(&Rule::tty, std::string(name)); };
  const auto at = [](const char* text) { return rule_with(&Rule::time, *parse_time_window(text)); };
  struct Case {
    const char* name;
    Rule rule;
    bool want;
    bool want_locally;
  };
  const Case cases[] = {
      {"source", rule_with(&Rule::source, ten), true, false},
      {"another source", rule_with(&Rule::source, *parse_network("::1")), false, false},
      {"excepted", except_ten, false, true},
      {"remote", remote, true, false},
      {"tty none", tty("none"), false, true},
      {"tty any", tty("any"), true, false},
      {"tty name", tty("pts/3"), true, false},
      {"another tty", tty("pts/33"), false, false},
      {"tty pattern", tty("pts/*"), true, false},
      {"tty pattern", tty("tty*"), false, false},
      {"method", rule_with(&Rule::login_method, std::string("hwk")), true, true},
      {"another method", rule_with(&Rule::login_method, std::string("pwd")), false, false},
      {"tag", rule_with(&Rule::host_tag, std::string("prod")), true, true},
      {"another tag", rule_with(&Rule::host_tag, std::string("web")), false, false},
      {"now", at("thu 10:00-11:00"), true, true},
      {"not now", at("thu 09:00-10:00"), false, false},
      {"not now, or in a zone that is missing",
       rule_with(&Rule::time,
       *parse_time_window("thu 09:00-10:00 Europe/Atlantis", {}, MissingZone::IsKept)),
       true, true},
  };
  for (const Case& c : cases) {
    CHECK_TEXT(matches(c.rule, facts) == c.want, c.name);
    CHECK_TEXT(matches(c.rule, local) == c.want_locally, c.name);
  }
}

TEST(PolicyJoin, TakesTheStrictestOfEachDemand) {
  Rule strong;
  strong.level = Level::TouchWithUv;
  strong.max_age = 1h;
  Rule brief;
  brief.max_age = 1min;
  Rule narrow;
  narrow.level = Level::None;
  narrow.max_age = 24h;
  narrow.scope = Scope::Tty;
  const Rule other = rule_with(&Rule::user, kBob);
  const std::array rules{strong, other, brief, narrow};
  const Joined joined = join(rules, alice_by_sudo());
  CHECK_TRUE((joined.enforced == demand_of(Level::TouchWithUv, 1min, Scope::Tty, {0, 2, 3})));
  CHECK_TRUE(joined.reported == joined.enforced);
}

TEST(PolicyJoin, TakesTheShortestIdleTheCommonFactorsAndAnyRefusal) {
  Rule one;
  one.name = "one";
  one.factors = {FactorKind::Totp, FactorKind::Fido2};
  one.max_idle = 10min;
  Rule two;
  two.name = "two";
  two.factors = {FactorKind::Fido2, FactorKind::Hotp};
  const std::array both{one, two};
  const Demand demand = join(both, alice_by_sudo()).enforced;
  CHECK_TRUE(demand.factors == FactorSet{FactorKind::Fido2});
  CHECK_TRUE(demand.max_idle == 10min);
  CHECK_TRUE(demand.asks() && !demand.denies());
  two.factors = {FactorKind::Hotp};
  CHECK_TRUE(join(std::array{one, two}, alice_by_sudo()).enforced.denies());
  // What is left must reach the level, too.
  one.factors = {FactorKind::Totp};
  two.factors = FactorSet::all();
  two.level = Level::Touch;
  CHECK_TRUE(join(std::array{one, two}, alice_by_sudo()).enforced.denies());

  one.deny = "no";
  two.deny = "never";
  two.name = "a rule before it by name";
  CHECK_TRUE(join(std::array{one, two}, alice_by_sudo()).enforced.denied_by == 1U);
  CHECK_TRUE(join(std::array{two, one}, alice_by_sudo()).enforced.denied_by == 0U);
  two.enforce = false;
  const Joined joined = join(std::array{two, one}, alice_by_sudo());
  CHECK_TRUE(joined.enforced.denied_by == 1U);
  CHECK_TRUE(joined.reported.denied_by == 0U);
}

TEST(PolicyJoin, OnlyReportsARuleThatIsNotEnforced) {
  Rule trial = rule_with(&Rule::user, kRoot);
  trial.enforce = false;
  trial.level = Level::Touch;
  const std::array rules{Rule{}, trial};
  Facts facts = alice_by_sudo();
  facts.subject = 0;
  const Joined joined = join(rules, facts);
  CHECK_TRUE((joined.enforced == demand_of(Level::Otp, 15min, Scope::Session, {0})));
  CHECK_TRUE((joined.reported == demand_of(Level::Touch, 15min, Scope::Session, {0, 1})));
  CHECK_FALSE(joined.names_root);
}

TEST(PolicyJoin, KnowsWhetherAMatchingRuleNamesRoot) {
  Facts facts = alice_by_sudo();
  facts.subject = 0;
  CHECK_FALSE(join(std::array{Rule{}}, facts).names_root);
  CHECK_TRUE(join(std::array{Rule{}, rule_with(&Rule::user, kRoot)}, facts).names_root);
  const Principal gid0{Kind::Group, "root", Lookup::Found, 0};
  facts.groups = std::vector<gid_t>{0};
  CHECK_FALSE(join(std::array{rule_with(&Rule::user, gid0)}, facts).names_root);
}

TEST(PolicyJoin, LetsTheLoginCountOnlyWhenEveryMatchingRuleSaysSo) {
  Rule counts;
  counts.login_counts = true;
  Rule elsewhere = rule_with(&Rule::user, kBob);
  Rule trial;
  trial.enforce = false;
  CHECK_TRUE(join(std::array{counts, elsewhere}, alice_by_sudo()).enforced.login_counts);
  CHECK_FALSE(join(std::array{counts, Rule{}}, alice_by_sudo()).enforced.login_counts);
  const Joined tried = join(std::array{counts, trial}, alice_by_sudo());
  CHECK_TRUE(tried.enforced.login_counts);
  CHECK_FALSE(tried.reported.login_counts);
}

TEST(PolicyJoin, DemandsNothingWithoutARule) {
  const Joined joined = join({}, alice_by_sudo());
  CHECK_TRUE(joined.enforced == Demand{});
  CHECK_TRUE(joined.reported.level == Level::None);
}
