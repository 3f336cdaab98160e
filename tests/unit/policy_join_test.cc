// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "stepupd/policy/join.h"

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
  return {
      "sudo", "sudo-i", 1000, std::vector<gid_t>{10, 1000},
         "root"
  };
}
Facts without_groups() {
  Facts facts = alice_by_sudo();
  facts.groups.reset();
  return facts;
}
Facts without_target() {
  Facts facts = alice_by_sudo();
  facts.target_user.reset();
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
  const std::string root = "root";
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
      {"target", rule_with(&Rule::target_user, root), alice_by_sudo(), true},
      {"another target", rule_with(&Rule::target_user, std::string("bob")), alice_by_sudo(), false},
      {"target unknown", rule_with(&Rule::target_user, std::string("bob")), without_target(), true},
      {"excepted user", rule_except(kWheel, kAlice), alice_by_sudo(), false},
      {"excepted group", rule_except(kAlice, kWheel), alice_by_sudo(), false},
      {"another excepted", rule_except(kAlice, kBob), alice_by_sudo(), true},
      {"excepted, groups unknown", rule_except(kAlice, kWheel), without_groups(), true},
      {"excepted, user not known", rule_except(kAlice, kUnknown), alice_by_sudo(), true},
      {"excepted, does not exist", rule_except(kAlice, kAbsent), alice_by_sudo(), true},
  };
  for (const Case& c : cases) CHECK_TEXT(matches(c.rule, c.facts) == c.want, c.name);
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
  CHECK_TRUE((joined.enforced == Demand{
                                     Level::TouchWithUv, 1min, Scope::Tty, {0, 2, 3}
  }));
  CHECK_TRUE(joined.reported == joined.enforced);
}

TEST(PolicyJoin, OnlyReportsARuleThatIsNotEnforced) {
  Rule trial = rule_with(&Rule::user, kRoot);
  trial.enforce = false;
  trial.level = Level::Touch;
  const std::array rules{Rule{}, trial};
  Facts facts = alice_by_sudo();
  facts.subject = 0;
  const Joined joined = join(rules, facts);
  CHECK_TRUE((joined.enforced == Demand{Level::Otp, 15min, Scope::Session, {0}}));
  CHECK_TRUE((joined.reported == Demand{
                                     Level::Touch, 15min, Scope::Session, {0, 1}
  }));
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

TEST(PolicyJoin, DemandsNothingWithoutARule) {
  const Joined joined = join({}, alice_by_sudo());
  CHECK_TRUE(joined.enforced == Demand{});
  CHECK_TRUE(joined.reported.level == Level::None);
}

// The property that lets a drop-in of another team only add demands, on random policies.
TEST(PolicyJoin, NeverDemandsLessForAFurtherRuleNorInAnotherOrder) {
  constexpr std::uint32_t kSeed = 20261124;
  std::mt19937 random(kSeed);
  const auto pick = [&](std::uint32_t count) {
    return static_cast<std::uint32_t>(random() % count);
  };
  const std::array principals{kAlice, kBob, kRoot, kWheel, kStaff, kAbsent, kUnknown};
  const std::array<std::string, 3> words{"sudo", "su", "root"};
  const auto some = [&](const auto& from) {
    using Item = typename std::remove_cvref_t<decltype(from)>::value_type;
    std::vector<Item> list;
    while (pick(3) == 0) list.push_back(from[pick(static_cast<std::uint32_t>(from.size()))]);
    return list;
  };
  const auto random_rule = [&] {
    Rule rule;
    rule.service = some(words);
    rule.pam_service = some(words);
    rule.user = some(principals);
    rule.target_user = some(words);
    rule.except_user = some(principals);
    rule.level = static_cast<Level>(pick(4));
    rule.max_age = std::chrono::minutes(pick(4));
    rule.scope = static_cast<Scope>(pick(3));
    rule.enforce = pick(4) != 0;
    return rule;
  };
  const auto no_weaker = [](const Demand& a, const Demand& b) {
    return a.level >= b.level && a.max_age <= b.max_age && a.scope >= b.scope;
  };
  const auto same = [](const Demand& a, const Demand& b) {
    return a.level == b.level && a.max_age == b.max_age && a.scope == b.scope &&
           a.rules.size() == b.rules.size();
  };

  for (int policy = 0; policy < 5000; ++policy) {
    const std::string text = "seed 20261124, policy " + std::to_string(policy);
    std::vector<Rule> rules(pick(6));
    std::ranges::generate(rules, random_rule);
    Facts facts{words[pick(3)], words[pick(3)], 1000 + pick(2), std::nullopt, std::nullopt};
    if (pick(3) != 0) facts.groups = std::vector<gid_t>{pick(2) == 0 ? 10U : 50U};
    if (pick(3) != 0) facts.target_user = words[pick(3)];
    const Joined before = join(rules, facts);
    CHECK_TEXT(no_weaker(before.reported, before.enforced), text.c_str());

    std::vector<Rule> more = rules;
    more.insert(more.begin() + pick(static_cast<std::uint32_t>(rules.size() + 1)), random_rule());
    const Joined after = join(more, facts);
    CHECK_TEXT(no_weaker(after.enforced, before.enforced), text.c_str());
    CHECK_TEXT(no_weaker(after.reported, before.reported), text.c_str());
    CHECK_TEXT(after.names_root || !before.names_root, text.c_str());

    std::ranges::shuffle(more, random);
    const Joined shuffled = join(more, facts);
    CHECK_TEXT(same(shuffled.enforced, after.enforced), text.c_str());
    CHECK_TEXT(same(shuffled.reported, after.reported), text.c_str());
    CHECK_TEXT(shuffled.names_root == after.names_root, text.c_str());
  }
}
