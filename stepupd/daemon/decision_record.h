// SPDX-License-Identifier: ISC
// What is written down of a decision: in the journal, and among the recent activity.
#pragma once

#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/request_facts.h"
#include "stepupd/policy/join.h"
#include "stepupd/session/asker.h"
#include "stepupd/wire/messages.h"

namespace stepup::daemon {

// A verdict and why, on the way to the journal and the module.
struct Outcome {
  wire::Verdict verdict;
  const char* reason = "";
  const char* factor = "";

  [[nodiscard]] bool passes() const noexcept {
    return verdict.code == wire::VerdictCode::Granted ||
           verdict.code == wire::VerdictCode::NotRequired;
  }
};

// `rules`: those that the decision was made by; null = none were loaded.
void record_decision(Engine& engine, const Outcome& outcome, const RequestFacts& facts,
                     const wire::CheckRequest& request, const session::Asker& asker,
                     const policy::Joined& joined, const InForce* rules);

}  // namespace stepup::daemon
