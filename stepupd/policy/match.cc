// SPDX-License-Identifier: ISC
#include "stepupd/policy/match.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace stepup::policy {
namespace {

template <typename Items, typename Item>
bool lists(const Items& items, const Item& item) {
  return std::ranges::find(items, item) != items.end();
}

// The best answer of the alternatives; No when there are none.
template <typename Items, typename Judge>
Holds any_of(const Items& items, Judge judge) {
  Holds best = Holds::No;
  for (const auto& item : items) best = std::max(best, judge(item));
  return best;
}

Holds subject_is(const Principal& principal, const Facts& facts) {
  switch (principal.lookup) {
    case Principal::Lookup::Absent: return Holds::No;
    case Principal::Lookup::Unknown: return Holds::Unknown;
    case Principal::Lookup::Found: break;
  }
  if (principal.kind == Principal::Kind::User) return yes_or_no(principal.id == facts.subject);
  if (!facts.groups) return Holds::Unknown;
  return yes_or_no(lists(*facts.groups, principal.id));
}

Holds target_is_in(const Principal& group, const Facts& facts) {
  switch (group.lookup) {
    case Principal::Lookup::Absent: return Holds::No;
    case Principal::Lookup::Unknown: return Holds::Unknown;
    case Principal::Lookup::Found: break;
  }
  if (facts.target_groups) return yes_or_no(lists(*facts.target_groups, group.id));
  if (facts.target_user && lists(group.members, *facts.target_user)) return Holds::Yes;
  return facts.target_gid ? yes_or_no(*facts.target_gid == group.id) : Holds::Unknown;
}

Holds target_is(const Principal& principal, const Facts& facts) {
  if (principal.kind == Principal::Kind::Group) return target_is_in(principal, facts);
  if (facts.target_user == principal.name) return Holds::Yes;
  if (principal.lookup == Principal::Lookup::Absent) return Holds::No;
  if (principal.lookup == Principal::Lookup::Unknown) return Holds::Unknown;
  // By uid where it is known: an account may have several names.
  if (facts.target_uid) return yes_or_no(*facts.target_uid == principal.id);
  if (!facts.target_user) return Holds::Unknown;
  // This host's files do not list the target.  A directory may know one account by several
  // spellings, but it gives none of a local account.
  return principal.local ? Holds::No : Holds::Unknown;
}

Holds comes_from(const std::vector<Network>& networks, const Facts& facts) {
  if (!facts.source) return Holds::Unknown;
  const auto& address = facts.source->address;
  if (!address) return Holds::No;
  return any_of(networks, [&](const Network& net) { return yes_or_no(net.contains(*address)); });
}

Holds is_on(const std::string& wanted, const Facts& facts) {
  if (!facts.tty) return Holds::Unknown;
  const std::string_view tty = *facts.tty;
  if (wanted == "none") return yes_or_no(tty.empty());
  if (wanted == "any") return yes_or_no(!tty.empty());
  if (tty.empty()) return Holds::No;
  if (!wanted.ends_with('*')) return yes_or_no(tty == wanted);
  return yes_or_no(tty.starts_with(std::string_view(wanted).substr(0, wanted.size() - 1)));
}

// Shows `visit` each condition of the rule and then each exception, until it returns false.
template <typename Visit>
void for_each_condition(const Rule& rule, const Facts& facts, Visit visit) {
  bool go_on = true;
  const auto show = [&](const char* key, bool is_exception, bool has, auto judge) {
    if (go_on && has) go_on = visit(ConditionResult{key, is_exception, judge()});
  };
  const auto condition = [&](const char* key, const auto& items, auto judge) {
    show(key, false, !items.empty(), [&] { return any_of(items, judge); });
  };
  condition("service", rule.service,
            [&](const std::string& name) { return yes_or_no(name == facts.family); });
  condition("pam_service", rule.pam_service, [&](const std::string& name) {
    return facts.pam_service.empty() ? Holds::Unknown : yes_or_no(name == facts.pam_service);
  });
  condition("user", rule.user, [&](const Principal& who) { return subject_is(who, facts); });
  condition("target_user", rule.target_user,
            [&](const Principal& whose) { return target_is(whose, facts); });
  condition("command", rule.command,
            [&](const CommandPattern& pattern) { return is_command(pattern, facts.command); });
  condition("host_tag", rule.host_tag,
            [&](const std::string& tag) { return yes_or_no(lists(facts.host_tags, tag)); });
  show("source", false, !rule.source.empty(), [&] { return comes_from(rule.source, facts); });
  show("remote", false, rule.remote.has_value(),
       [&] { return facts.remote ? yes_or_no(*facts.remote == *rule.remote) : Holds::Unknown; });
  condition("tty", rule.tty, [&](const std::string& wanted) { return is_on(wanted, facts); });
  condition("login_method", rule.login_method, [&](const std::string& method) {
    return facts.login_methods ? yes_or_no(lists(*facts.login_methods, method)) : Holds::Unknown;
  });
  condition("time", rule.time, [&](const TimeWindow& window) {
    return facts.now && !window.zone_is_missing ? yes_or_no(window.contains(*facts.now))
                                                : Holds::Unknown;
  });
  show("except_user", true, !rule.except_user.empty(), [&] {
    return any_of(rule.except_user, [&](const Principal& who) { return subject_is(who, facts); });
  });
  show("except_command", true, !rule.except_command.empty(), [&] {
    return any_of(rule.except_command, [&](const CommandPattern& pattern) {
      return is_excepted(pattern, facts.command);
    });
  });
  show("except_source", true, !rule.except_source.empty(),
       [&] { return comes_from(rule.except_source, facts); });
}

}  // namespace

bool matches(const Rule& rule, const Facts& facts) {
  bool all = true;
  for_each_condition(
      rule, facts, [&](const ConditionResult& condition) { return all = condition.lets_match(); });
  return all;
}

std::vector<ConditionResult> explain(const Rule& rule, const Facts& facts) {
  std::vector<ConditionResult> results;
  for_each_condition(rule, facts, [&](const ConditionResult& condition) {
    results.push_back(condition);
    return true;
  });
  return results;
}

}  // namespace stepup::policy
