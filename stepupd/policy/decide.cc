// SPDX-License-Identifier: ISC
#include "stepupd/policy/decide.h"

#include <algorithm>

namespace stepup::policy {

std::optional<Scope> reach_of(const Grant& grant, const Coordinates& here, Scope scope) noexcept {
  const Coordinates& there = grant.where;
  if (there.subject != here.subject || there.session != here.session) return std::nullopt;
  const Scope reach = std::max({scope, grant.scope, there.widest, here.widest});
  const auto if_so = [&](bool covers) { return covers ? std::optional(reach) : std::nullopt; };
  switch (reach) {
    case Scope::Session: return if_so(here.session.kind != SessionKey::Kind::None);
    case Scope::Tty:
      return if_so(here.tty != 0 && there.tty == here.tty && there.leader == here.leader &&
                   there.leader_start == here.leader_start);
    case Scope::Process: return std::nullopt;  // only the one-shot of the obtaining process does
  }
  return std::nullopt;
}

namespace {

// Why a grant that reaches here does not meet the demand; LiveGrant when it does.
Reason judge(const Demand& demand, const Grant& grant, Scope reach, BootTime now) {
  const BootTime used = reach == Scope::Session ? grant.used_in_session : grant.used_on_tty;
  const BootTime idle = now - std::max(grant.auth_time, used);
  if (grant.level < demand.level) return Reason::GrantWeak;
  if (!demand.factors.has(grant.factor)) return Reason::GrantOtherFactor;
  if (now - grant.auth_time >= demand.max_age) return Reason::GrantStale;
  if (idle < BootTime::zero() || idle >= demand.max_idle) return Reason::GrantIdle;
  return Reason::LiveGrant;
}

}  // namespace

Decided decide(const Demand& demand, const Coordinates& here, std::span<const Grant> grants,
               BootTime now) noexcept {
  if (demand.denied_by) return {Decision::Deny, Reason::RuleDenies, {}};
  if (!demand.asks()) return {Decision::NotRequired, Reason::NoRule, {}};
  if (demand.denies()) return {Decision::Deny, Reason::NoFactorCounts, {}};

  Decided decided;
  for (const Grant& grant : grants) {
    const auto reach = reach_of(grant, here, demand.scope);
    if (!reach || now < grant.auth_time) continue;
    const Reason reason = judge(demand, grant, *reach, now);
    if (reason == Reason::LiveGrant) {
      if (!decided.grant || decided.grant->auth_time < grant.auth_time) {
        decided = {Decision::Allow, reason, grant};
      }
    } else if (decided.decision == Decision::StepUp) {
      decided.reason = reason;
    }
  }
  return decided;
}

}  // namespace stepup::policy
