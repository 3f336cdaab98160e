// SPDX-License-Identifier: ISC
// "rehearse": what other rules would have made of decisions that are recorded.  Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "stepupd/policy/rule.h"
#include "stepupd/rules/rules.h"
#include "stepupd/wire/activity_messages.h"

namespace stepup::ctl {

// One recorded decision, and what is known of it.
struct PastDecision {
  wire::ActivityRow row;
  policy::Facts facts;  // facts_of(row), and what the host's name service adds
};

// What the row itself tells; the rest is unknown.
[[nodiscard]] policy::Facts facts_of(const wire::ActivityRow& row);

// One person's.
struct PersonTally {
  std::string user;
  std::uint64_t decisions = 0;
  std::uint64_t prompts_before = 0;
  std::uint64_t prompts_after = 0;
  std::uint64_t refusals_before = 0;
  std::uint64_t refusals_after = 0;
  std::uint64_t unmet = 0;      // of the decisions: what is asked for, they have no factor for
  std::uint64_t uncertain = 0;  // of the decisions: hangs on what is not recorded
};

struct Rehearsal {
  std::map<uid_t, PersonTally> people;
  std::set<std::string> not_recorded;  // the keys of rules on which uncertain decisions hang
  std::int64_t since = 0;              // the first decision, or what was asked for if later
  std::int64_t until = 0;
  bool knows_factors = false;  // who has which was told
  std::vector<std::string> remarks;
};

// How many a day that is, of the time from the first decision on, which counts as a day at least.
[[nodiscard]] double a_day(const Rehearsal& rehearsal, std::uint64_t count);

// What each person can prove.
using Holdings = std::map<uid_t, FactorSet>;

// Decides `past`, oldest first, anew under `set`, whose principals are resolved, as if it were
// enforced.  What is not recorded counts as what the stricter demand needs.  A prompt is taken to
// be answered as it was then, and where none was, to be answered.  Of a person whom `holdings`
// lacks nothing is unmet.
[[nodiscard]] Rehearsal replay(const rules::RuleSet& set, std::span<const PastDecision> past,
                               const Holdings& holdings, std::int64_t now);

}  // namespace stepup::ctl
