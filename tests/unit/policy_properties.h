// SPDX-License-Identifier: ISC
// The properties of ARCHITECTURE section 4 that let many teams write rules for one host: a further
// rule never lowers a demand, and neither the order of rules nor which file holds them matters.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/policy/join.h"
#include "stepupd/policy/match.h"
#include "tests/unit/random_policy.h"

namespace stepup::policy {

inline bool no_weaker(const Demand& a, const Demand& b) {
  return a.level >= b.level && a.max_age <= b.max_age && a.max_idle <= b.max_idle &&
         a.scope >= b.scope && (a.factors & b.factors) == a.factors &&
         (a.denies() || !b.denies()) && (b.login_counts || !a.login_counts);
}

// The same demand, by the same rules, wherever they stand.
inline bool same(const Demand& a, std::span<const Rule> of_a, const Demand& b,
                 std::span<const Rule> of_b) {
  const auto names = [](const Demand& demand, std::span<const Rule> rules) {
    std::vector<std::string> sorted;
    for (const std::size_t index : demand.rules) sorted.push_back(rules[index].name);
    std::ranges::sort(sorted);
    return sorted;
  };
  const auto denier = [](const Demand& demand, std::span<const Rule> rules) {
    return demand.denied_by ? rules[*demand.denied_by].name : std::string();
  };
  return no_weaker(a, b) && no_weaker(b, a) && names(a, of_a) == names(b, of_b) &&
         denier(a, of_a) == denier(b, of_b);
}

inline bool same(const Joined& a, std::span<const Rule> of_a, const Joined& b,
                 std::span<const Rule> of_b) {
  return same(a.enforced, of_a, b.enforced, of_b) && same(a.reported, of_a, b.reported, of_b) &&
         a.names_root == b.names_root;
}

// Tries `count` policies.  Returns which property of which does not hold; empty when all do.
inline std::string find_broken_property(std::uint32_t seed, int count) {
  RandomPolicy random(seed);
  for (int i = 0; i < count; ++i) {
    const auto broken = [&](const char* what) {
      return "seed " + std::to_string(seed) + ", policy " + std::to_string(i) + ": " + what;
    };
    const std::vector<Rule> rules = random.rules(random.pick(8));
    const Facts facts = random.facts();
    const Joined before = join(rules, facts);
    if (!no_weaker(before.reported, before.enforced)) return broken("a report of less");

    std::vector<Rule> more = rules;
    const auto place = random.pick(static_cast<std::uint32_t>(rules.size() + 1));
    more.insert(more.begin() + place, random.rule());
    const Joined after = join(more, facts);
    if (!no_weaker(after.enforced, before.enforced) ||
        !no_weaker(after.reported, before.reported) || (before.names_root && !after.names_root)) {
      return broken("a further rule lowers a demand");
    }

    std::vector<Rule> shuffled = more;
    random.shuffle(shuffled);
    if (!same(join(shuffled, facts), shuffled, after, more)) return broken("the order matters");

    const RuleIndex index(more);
    if (!same(join(more, index, facts), more, after, more)) return broken("the index loses a rule");

    for (const Rule& rule : more) {
      bool all = true;
      for (const ConditionResult& condition : explain(rule, facts)) all &= condition.lets_match();
      if (all != matches(rule, facts)) return broken("explain says another thing");
    }
  }
  return "";
}

}  // namespace stepup::policy
