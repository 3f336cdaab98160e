// SPDX-License-Identifier: ISC
// Reports for programs: --json.  The keys are those of stepupctl(1), JSON, and never change their
// meaning; a later version may add some.
#pragma once

#include <string>
#include <vector>

#include "stepupd/ctl/finding.h"
#include "stepupd/ctl/replay.h"
#include "stepupd/policy/match.h"
#include "stepupd/rules/check.h"
#include "stepupd/rules/rules.h"
#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/status_messages.h"

namespace stepup::ctl {

// Input is untrusted, and everything but ASCII is escaped.  Each returns one document, a line.
[[nodiscard]] std::string json(const wire::CredentialList& list);
[[nodiscard]] std::string json(const wire::StatusReport& status);
[[nodiscard]] std::string json(const wire::SessionList& list);
// One line for each row.
[[nodiscard]] std::string json(const wire::ActivityReport& page);
[[nodiscard]] std::string json(const std::vector<Finding>& findings);
// Of "config check": what is wrong, or the rules.
[[nodiscard]] std::string json(const std::vector<rules::Problem>& problems);
[[nodiscard]] std::string json(const rules::RuleSet& set);
// Of "config diff".
[[nodiscard]] std::string json(const std::vector<rules::Change>& changes);

// Of "explain".
struct ExplainedRule {
  const policy::Rule* rule = nullptr;
  bool matches = false;
  std::vector<policy::ConditionResult> conditions;
};
struct Explanation {
  std::vector<ExplainedRule> rules;
  std::string enforced;  // what is asked for
  std::string reported;  // and with the rules that only report
  std::vector<std::string> remarks;
};
[[nodiscard]] std::string json(const Explanation& explanation);

[[nodiscard]] std::string json(const Rehearsal& rehearsal);

}  // namespace stepup::ctl
