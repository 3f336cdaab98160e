// SPDX-License-Identifier: ISC
// Facts + rules -> demand.  Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stepupd/policy/rule.h"

namespace stepup::policy {

// What all matching rules together ask for.  Starts as "nothing"; joining a rule can only raise the
// level, shorten max_age and narrow the scope, so order never matters.
struct Demand {
  Level level = Level::None;
  BootTime max_age = BootTime::max();
  Scope scope = Scope::Session;
  std::vector<std::size_t> rules;  // indices of those that matched, ascending
  bool operator==(const Demand&) const = default;
};

struct Joined {
  Demand enforced;
  Demand reported;          // enforced and enforce = false together: what would be asked
  bool names_root = false;  // a matching rule's `user` names uid 0 (ARCHITECTURE section 11, Root)
};

[[nodiscard]] bool matches(const Rule& rule, const Facts& facts);

[[nodiscard]] Joined join(std::span<const Rule> rules, const Facts& facts);

}  // namespace stepup::policy
