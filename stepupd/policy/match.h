// SPDX-License-Identifier: ISC
// Whether a rule concerns a request, condition by condition.  Pure.
#pragma once

#include <vector>

#include "stepupd/policy/holds.h"
#include "stepupd/policy/rule.h"

namespace stepup::policy {

// What became of one key of a rule.
struct ConditionResult {
  const char* key = "";  // "service", "except_user"
  bool is_exception = false;
  Holds holds = Holds::No;

  // Unknown counts as fulfilled in a condition and as not fulfilled in an exception.
  [[nodiscard]] bool lets_match() const noexcept {
    return is_exception ? holds != Holds::Yes : holds != Holds::No;
  }
};

// Whether every condition that the rule has may hold, and no exception surely does.
[[nodiscard]] bool matches(const Rule& rule, const Facts& facts);

// Every condition and exception that the rule has.  The rule matches when all of them let it.
[[nodiscard]] std::vector<ConditionResult> explain(const Rule& rule, const Facts& facts);

}  // namespace stepup::policy
