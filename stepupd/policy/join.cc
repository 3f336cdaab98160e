// SPDX-License-Identifier: ISC
#include "stepupd/policy/join.h"

#include <algorithm>

namespace stepup::policy {
namespace {

// Ordered so that the strongest answer among alternatives is their maximum.
enum class Holds { No, Unknown, Yes };

Holds principal_holds(const Principal& principal, const Facts& facts) {
  switch (principal.lookup) {
    case Principal::Lookup::Absent: return Holds::No;
    case Principal::Lookup::Unknown: return Holds::Unknown;
    case Principal::Lookup::Found: break;
  }
  if (principal.kind == Principal::Kind::User) {
    return principal.id == facts.subject ? Holds::Yes : Holds::No;
  }
  if (!facts.groups) return Holds::Unknown;
  return (std::ranges::find(*facts.groups, principal.id) != facts.groups->end()) ? Holds::Yes
                                                                                 : Holds::No;
}

Holds any_principal_holds(std::span<const Principal> principals, const Facts& facts) {
  Holds best = Holds::No;
  for (const Principal& principal : principals)
    best = std::max(best, principal_holds(principal, facts));
  return best;
}

void tighten(Demand& demand, const Rule& rule, std::size_t index) {
  demand.level = std::max(demand.level, rule.level);
  demand.max_age = std::min(demand.max_age, rule.max_age);
  demand.scope = std::max(demand.scope, rule.scope);
  demand.rules.push_back(index);
}

bool names_root(const Rule& rule) {
  return std::ranges::any_of(rule.user, [](const Principal& principal) {
    return principal.kind == Principal::Kind::User && principal.id == 0;
  });
}

}  // namespace

bool matches(const Rule& rule, const Facts& facts) {
  const auto lists = [](const std::vector<std::string>& words, const std::string& word) {
    return std::ranges::find(words, word) != words.end();
  };
  if (!rule.service.empty() && !lists(rule.service, facts.family)) return false;
  if (!rule.pam_service.empty() && !lists(rule.pam_service, facts.pam_service)) return false;
  if (!rule.user.empty() && any_principal_holds(rule.user, facts) == Holds::No) return false;
  if (!rule.target_user.empty() && facts.target_user &&
      !lists(rule.target_user, *facts.target_user)) {
    return false;
  }
  return any_principal_holds(rule.except_user, facts) != Holds::Yes;
}

Joined join(std::span<const Rule> rules, const Facts& facts) {
  Joined joined;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!matches(rules[i], facts)) continue;
    tighten(joined.reported, rules[i], i);
    if (!rules[i].enforce) continue;
    tighten(joined.enforced, rules[i], i);
    joined.names_root = joined.names_root || names_root(rules[i]);
  }
  return joined;
}

}  // namespace stepup::policy
