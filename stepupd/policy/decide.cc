// SPDX-License-Identifier: ISC
#include "stepupd/policy/decide.h"

#include <algorithm>

namespace stepup::policy {

bool covers(const Grant& grant, const Coordinates& here, Scope scope) noexcept {
  const Coordinates& there = grant.where;
  if (there.subject != here.subject || there.session != here.session) return false;
  switch (std::max({scope, grant.scope, there.widest, here.widest})) {
    case Scope::Session: return here.session.kind != SessionKey::Kind::None;
    case Scope::Tty:
      return here.tty != 0 && there.tty == here.tty && there.leader == here.leader &&
             there.leader_start == here.leader_start;
    case Scope::Process: return false;  // only the one-shot of the obtaining process reaches it
  }
  return false;
}

Decided decide(const Demand& demand, const Coordinates& here, std::span<const Grant> grants,
               BootTime now) noexcept {
  if (demand.level == Level::None) return {Decision::NotRequired, Reason::NoRule, {}};

  Decided decided;
  for (const Grant& grant : grants) {
    if (!covers(grant, here, demand.scope)) continue;
    const BootTime age = now - grant.auth_time;
    if (age < BootTime::zero()) continue;
    const bool fresh = age < demand.max_age;
    const bool strong = grant.level >= demand.level;
    if (fresh && strong) {
      if (!decided.grant || decided.grant->auth_time < grant.auth_time) {
        decided = {Decision::Allow, Reason::LiveGrant, grant};
      }
    } else if (decided.decision == Decision::StepUp) {
      decided.reason = strong ? Reason::GrantStale : Reason::GrantWeak;
    }
  }
  return decided;
}

}  // namespace stepup::policy
