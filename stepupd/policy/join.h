// SPDX-License-Identifier: ISC
// Facts + rules -> demand.  Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "stepupd/policy/rule.h"
#include "stepupd/policy/rule_index.h"

namespace stepup::policy {

// What all matching rules together ask for.  Starts as "nothing"; joining a rule can only raise the
// level, shorten max_age and max_idle, narrow the scope and take factors and login_counts away, so
// order never matters.
struct Demand {
  Level level = Level::None;
  BootTime max_age = BootTime::max();
  Scope scope = Scope::Session;
  std::vector<std::size_t> rules;  // indices of those that matched, ascending
  BootTime max_idle = kNoMaxIdle;
  FactorSet factors = FactorSet::all();
  std::optional<std::size_t> denied_by;  // the rule whose message counts: the first by name
  bool login_counts = true;              // each of them says so
  bool operator==(const Demand&) const = default;

  // Whether nobody could meet it: a rule denies, or no factor that counts reaches the level.
  [[nodiscard]] bool denies() const noexcept { return denied_by || !factors.reaches(level); }
  [[nodiscard]] bool asks() const noexcept { return level != Level::None || denies(); }
};

struct Joined {
  Demand enforced;
  Demand reported;          // enforced and enforce = false together: what would be asked
  bool names_root = false;  // a matching rule's `user` names uid 0 (ARCHITECTURE section 11, Root)
};

[[nodiscard]] Joined join(std::span<const Rule> rules, const Facts& facts);

// The same, where `index` was made of `rules`: as fast for many rules as for few that match.
[[nodiscard]] Joined join(std::span<const Rule> rules, const RuleIndex& index, const Facts& facts);

}  // namespace stepup::policy
