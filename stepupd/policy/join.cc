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
}

bool names_root(const Rule& rule) {
  return std::ranges::any_of(rule.user, [](const Principal& principal) {
    return principal.kind == Principal::Kind::User && principal.id == 0;
  });
}

}  // namespace

Joined join(std::span<const Rule> rules, const Facts& facts) {
  Joined joined;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!matches(rules[i], facts)) continue;
    tighten(joined.reported, rules, i);
    if (!rules[i].enforce) continue;
    tighten(joined.enforced, rules, i);
    joined.names_root = joined.names_root || names_root(rules[i]);
  }
  return joined;
}

}  // namespace stepup::policy
