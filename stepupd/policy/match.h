// SPDX-License-Identifier: ISC
// Whether a rule concerns a request, condition by condition.  Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "stepupd/policy/rule.h"

namespace stepup::policy {

// Ordered so that the strongest answer among alternatives is their maximum.
enum class Holds : std::uint8_t { No, Unknown, Yes };

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

constexpr const char* to_string(Holds holds) noexcept {
  switch (holds) {
    case Holds::No: return "no";
    case Holds::Unknown: return "unknown";
    case Holds::Yes: return "yes";
  }
  return "?";
}

}  // namespace stepup::policy
