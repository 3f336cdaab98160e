// SPDX-License-Identifier: ISC
#include "stepupd/policy/join.h"

#include <algorithm>

#include "stepupd/policy/match.h"

namespace stepup::policy {
namespace {

void tighten(Demand& demand, std::span<const Rule> rules, std::size_t index) {
  const Rule& rule = rules[index];
  demand.rules.push_back(index);
  // Whose message is shown must not depend on the order, and names are unique.
  if (rule.deny && (!demand.denied_by || rule.name < rules[*demand.denied_by].name)) {
    demand.denied_by = index;
  }
  demand.level = std::max(demand.level, rule.level);
  demand.max_age = std::min(demand.max_age, rule.max_age);
  demand.max_idle = std::min(demand.max_idle, rule.max_idle);
  demand.scope = std::max(demand.scope, rule.scope);
  demand.factors = demand.factors & rule.factors;
  demand.login_counts = demand.login_counts && rule.login_counts;
}

bool names_root(const Rule& rule) {
  return std::ranges::any_of(rule.user, [](const Principal& principal) {
    return principal.kind == Principal::Kind::User && principal.id == 0;
  });
}

void join_one(Joined& joined, std::span<const Rule> rules, std::size_t index, const Facts& facts) {
  const Rule& rule = rules[index];
  if (!matches(rule, facts)) return;
  tighten(joined.reported, rules, index);
  if (!rule.enforce) return;
  tighten(joined.enforced, rules, index);
  joined.names_root = joined.names_root || names_root(rule);
}

}  // namespace

Joined join(std::span<const Rule> rules, const Facts& facts) {
  Joined joined;
  for (std::size_t i = 0; i < rules.size(); ++i) join_one(joined, rules, i, facts);
  return joined;
}

Joined join(std::span<const Rule> rules, const RuleIndex& index, const Facts& facts) {
  // SECURITY: an index of other rules, or one that was never made, would lose some.
  if (index.size() != rules.size()) return join(rules, facts);
  Joined joined;
  for (const std::size_t i : index.candidates(facts)) join_one(joined, rules, i, facts);
  return joined;
}

}  // namespace stepup::policy
