// SPDX-License-Identifier: ISC
#include <algorithm>

#include "stepupd/ctl/doctor.h"

namespace stepup::ctl {
namespace {

constexpr char kDropIn[] = "drop-in";
constexpr std::string_view kMain = "stepupd.conf:";

template <typename List>
void take_where_open(List& list, const List& narrower) {
  if (list.empty()) list = narrower;
}

// Whether `other` demands as much as `rule` wherever that holds.  Only sure of conditions that are
// the same in both, or that `other` does not have at all.
bool covers(policy::Rule other, const policy::Rule& rule) {
  if (other.level < rule.level || other.max_age > rule.max_age || other.scope < rule.scope ||
      (rule.enforce && !other.enforce)) {
    return false;
  }
  other.name = rule.name;
  other.origin = rule.origin;
  other.level = rule.level;
  other.max_age = rule.max_age;
  other.scope = rule.scope;
  other.enforce = rule.enforce;
  take_where_open(other.service, rule.service);
  take_where_open(other.pam_service, rule.pam_service);
  take_where_open(other.user, rule.user);
  take_where_open(other.target_user, rule.target_user);
  take_where_open(other.except_user, rule.except_user);
  return other == rule;
}

}  // namespace

void examine_drop_ins(const HostFiles& host, const std::vector<rules::SourceFile>& files,
                      const rules::RuleSet& set, std::vector<Finding>& out) {
  const auto& rules = set.rules;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].origin.starts_with(kMain)) continue;
    for (std::size_t j = 0; j < rules.size(); ++j) {
      // Of two that say the same, the later one is too many.
      if (i == j || !covers(rules[j], rules[i]) || (i < j && covers(rules[i], rules[j]))) continue;
      out.push_back({kDropIn,
                     rules[i].origin + ": the rule \"" + rules[i].name + "\" changes nothing",
                     "the rule \"" + rules[j].name + "\" of " + rules[j].origin +
                         " demands as much already, so somebody believes in more than there is",
                     "remove it, or demand more"});
      break;
    }
  }
  for (const rules::SourceFile& file : files) {
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    const auto is_of_file = [&](const policy::Rule& rule) {
      return rule.origin.starts_with(name + ":");
    };
    if (&file == &files.front() || !file.replaces.empty() ||
        std::ranges::any_of(rules, is_of_file)) {
      continue;
    }
    out.push_back({kDropIn, file.path + " has no rule, and masks nothing",
                   "it changes nothing, whatever it was meant to", "remove it, or write a rule"});
  }
  const std::string directory = host.path("/etc/stepup/stepupd.conf.d");
  for (const std::string& name : host.names_in(directory)) {
    if (name.ends_with(".conf") || name.ends_with(".example")) continue;
    out.push_back({kDropIn, std::string(directory).append("/").append(name) + " is not read",
                   "its name does not end in .conf, so its rules ask nobody",
                   "rename it, or remove it"});
  }
}

}  // namespace stepup::ctl
