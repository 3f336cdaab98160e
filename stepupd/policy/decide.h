// SPDX-License-Identifier: ISC
// Demand + grants + now -> decision.  Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "stepupd/policy/grant.h"
#include "stepupd/policy/join.h"

namespace stepup::policy {

enum class Decision : std::uint8_t {
  NotRequired,  // no rule asks for anything
  Allow,        // a live grant meets the demand
  StepUp,       // nothing proven here is strong and fresh enough
  Deny,         // whatever is proven
};

// Why, for the journal; a person is never shown it.
enum class Reason : std::uint8_t {
  NoRule,
  LiveGrant,
  NoGrant,           // nothing was proven where this process stands
  GrantStale,        // strong enough, but older than max_age
  GrantIdle,         // or nothing was asked for within max_idle
  GrantWeak,         // below the level
  GrantOtherFactor,  // of a factor that does not count
  RuleDenies,
  NoFactorCounts,  // the rules together leave no factor that reaches the level
};

struct Decided {
  Decision decision = Decision::StepUp;
  Reason reason = Reason::NoGrant;
  std::optional<Grant> grant;  // the one that allows, the youngest
};

// Decides whether one of `grants` already meets `demand` for a process at `here`.  Equal arguments
// give equal answers.  A grant dated after `now` is ignored: a clock that runs backwards is a
// fault, not a reason to trust.  A max_age of zero is never met by a grant.
[[nodiscard]] Decided decide(const Demand& demand, const Coordinates& here,
                             std::span<const Grant> grants, BootTime now) noexcept;

constexpr const char* to_string(Decision decision) noexcept {
  switch (decision) {
    case Decision::NotRequired: return "not-required";
    case Decision::Allow: return "allow";
    case Decision::StepUp: return "step-up";
    case Decision::Deny: return "deny";
  }
  return "?";
}
constexpr const char* to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::NoRule: return "no-rule";
    case Reason::LiveGrant: return "live-grant";
    case Reason::NoGrant: return "no-grant";
    case Reason::GrantStale: return "grant-stale";
    case Reason::GrantIdle: return "grant-idle";
    case Reason::GrantWeak: return "grant-weak";
    case Reason::GrantOtherFactor: return "grant-other-factor";
    case Reason::RuleDenies: return "rule-denies";
    case Reason::NoFactorCounts: return "no-factor-counts";
  }
  return "?";
}

}  // namespace stepup::policy
