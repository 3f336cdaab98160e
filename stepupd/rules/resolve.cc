// SPDX-License-Identifier: ISC
#include "stepupd/rules/resolve.h"

#include <algorithm>
#include <utility>

namespace stepup::rules {
namespace {

using policy::Principal;

// `named` as the name service knows it now.
Principal look_up(const Principal& named, const std::map<std::string, LocalAccount>& local) {
  Principal principal{named.kind, named.name};
  Error why{Errc::NotFound};
  if (principal.kind == Principal::Kind::Group) {
    if (auto group = group_named(principal.name)) {
      principal.id = group->gid;
      principal.members = std::move(group->members);
    } else {
      why = group.error();
    }
  } else if (const auto account = account_of(principal.name)) {
    principal.id = account->uid;
    principal.local = local.contains(principal.name);
  } else {
    why = account.error();
  }
  // An errno is also how a service that is down may look, and a rule must not lose its users then.
  const bool surely_absent = why.code == Errc::NotFound && why.sys_errno == 0;
  principal.lookup = principal.id != kNoUid ? Principal::Lookup::Found
                     : surely_absent        ? Principal::Lookup::Absent
                                            : Principal::Lookup::Unknown;
  return principal;
}

}  // namespace

void resolve(std::span<policy::Rule> rules, const std::map<std::string, LocalAccount>& local) {
  using Lookup = Principal::Lookup;
  for (policy::Rule& rule : rules) {
    for (auto* condition : {&rule.user, &rule.target_user}) {
      for (Principal& principal : *condition) {
        Principal fresh = look_up(principal, local);
        if (fresh.lookup == Lookup::Found || principal.lookup != Lookup::Found) {
          principal = std::move(fresh);
        }
      }
    }
    // Exceptions are the other way round: who is gone is excepted no longer.
    for (Principal& principal : rule.except_user) principal = look_up(principal, local);
  }
}

}  // namespace stepup::rules
