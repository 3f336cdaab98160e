// SPDX-License-Identifier: ISC
// Times the pure decision: rules joined for one request, and its grants looked through.
//
//   policy_decisions
//
// For 10 and for 10,000 rules, of which as many concern the request: those of a fleet, each for one
// user, for hosts of one tag, for one command or for one service.  Prints the median of each in
// nanoseconds.
#include <stdio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "stepupd/policy/decide.h"

using namespace stepup;
using namespace stepup::policy;

namespace {

Rule fleet_rule(std::size_t number) {
  Rule rule;
  rule.name = "rule " + std::to_string(number);
  rule.service = {"sudo"};
  const auto id = static_cast<std::uint32_t>(2000 + number);
  switch (number % 4) {
    case 0:
      rule.user = {
          {Principal::Kind::User, "u", Principal::Lookup::Found, id}
      };
      break;
    case 1: rule.host_tag = {"tag" + std::to_string(number)}; break;
    case 2: rule.command = {*parse_command_pattern("/opt/bin/c" + std::to_string(number))}; break;
    default: rule.service = {"service" + std::to_string(number)}; break;
  }
  return rule;
}

std::vector<Rule> rules_of(std::size_t count) {
  std::vector<Rule> rules(4);
  for (Rule& rule : rules) rule.service = {"sudo"};
  for (std::size_t i = rules.size(); i < count; ++i) rules.push_back(fleet_rule(i));
  return rules;
}

long median_ns(const std::vector<Rule>& rules, const Facts& facts) {
  constexpr int kRounds = 20001;
  const RuleIndex index(rules);
  const Coordinates here{
      .subject = 1000, .session = {SessionKey::Kind::Audit, 3},
           .widest = Scope::Session
  };
  const std::array grants{
      Grant{here, Scope::Session, Level::Otp, FactorKind::Totp, 1, std::chrono::seconds(1)}
  };
  std::vector<long> times;
  for (int i = 0; i < kRounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Joined joined = join(rules, index, facts);
    const Decided decided = decide(joined.enforced, here, grants, std::chrono::seconds(2));
    times.push_back(static_cast<long>((std::chrono::steady_clock::now() - start) /
                                      std::chrono::nanoseconds(1)));
    if (decided.decision != Decision::Allow) return -1;
  }
  std::ranges::nth_element(times, times.begin() + kRounds / 2);
  return times[kRounds / 2];
}

}  // namespace

int main() {
  Facts facts;
  facts.family = facts.pam_service = "sudo";
  facts.subject = 1000;
  facts.groups = std::vector<gid_t>{27, 100, 1000};
  facts.host_tags = {"db", "prod"};
  facts.command.reading = Command::Reading::Words;
  facts.command.words = {"/usr/bin/apt-get", "update"};
  (void)printf("10 rules: %ld ns\n", median_ns(rules_of(10), facts));
  (void)printf("10000 rules: %ld ns\n", median_ns(rules_of(10000), facts));
}
