// SPDX-License-Identifier: ISC
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/rules/rules.h"

namespace stepup::rules {

std::string to_string(const Problem& problem) {
  std::string text = printable(problem.file, 4096);
  if (problem.line != 0) text.append(":").append(std::to_string(problem.line));
  if (problem.line != 0 && problem.column != 0) {
    text.append(":").append(std::to_string(problem.column));
  }
  if (!text.empty()) text.append(": ");
  return text.append(problem.what);
}

namespace {

// Adds "key a, b" to a text whose parts are parted by "; ".
template <typename Values, typename Word>
void add_condition(std::string& text, const char* key, const Values& values, Word word) {
  if (values.empty()) return;
  text.append(text.empty() ? "" : "; ").append(key);
  const char* separator = " ";
  for (const auto& value : values) {
    text.append(std::exchange(separator, ", ")).append(printable(word(value)));
  }
}

}  // namespace

std::string describe_conditions(const policy::Rule& rule) {
  const auto itself = [](const std::string& name) { return name; };
  const auto principal = [](const policy::Principal& named) {
    return (named.kind == policy::Principal::Kind::Group ? "@" : "") + named.name;
  };
  const auto as_written = [](const auto& item) { return item.text; };
  std::string text;
  add_condition(text, "service", rule.service, itself);
  add_condition(text, "pam_service", rule.pam_service, itself);
  add_condition(text, "user", rule.user, principal);
  add_condition(text, "target_user", rule.target_user, principal);
  add_condition(text, "command", rule.command, as_written);
  add_condition(text, "host_tag", rule.host_tag, itself);
  add_condition(text, "source", rule.source, as_written);
  if (rule.remote) {
    text.append(text.empty() ? "" : "; ").append(*rule.remote ? "remote" : "not remote");
  }
  add_condition(text, "tty", rule.tty, itself);
  add_condition(text, "login_method", rule.login_method, itself);
  add_condition(text, "time", rule.time, as_written);
  add_condition(text, "except_user", rule.except_user, principal);
  add_condition(text, "except_command", rule.except_command, as_written);
  add_condition(text, "except_source", rule.except_source, as_written);
  return text.empty() ? "everything" : text;
}

namespace {

// Of a rule or of several that are joined.
template <typename Demand>
std::string describe_demand(const Demand& demand) {
  std::string text = to_string(demand.level);
  if (demand.factors != FactorSet::all()) {
    text.append(" by ").append(stepup::to_string(demand.factors));
  }
  text.append(demand.max_age == BootTime::zero() ? " every time"
                                                 : " within " + format_duration(demand.max_age));
  if (demand.max_idle != policy::kNoMaxIdle) {
    text.append(", idle for at most ").append(format_duration(demand.max_idle));
  }
  text.append(", scope ").append(to_string(demand.scope));
  return demand.login_counts ? text.append(", the login counts") : text;
}

}  // namespace

std::string describe(const policy::Rule& rule) {
  const std::string text = rule.deny ? "refuses: " + printable(*rule.deny) : describe_demand(rule);
  return text + (rule.enforce ? "" : ", reported only");
}

std::string describe(const policy::Demand& demand, std::span<const policy::Rule> rules) {
  if (demand.denied_by) return "refused: " + printable(rules[*demand.denied_by].deny.value_or(""));
  if (demand.denies()) return "refused, since the rules accept no factor that could meet them all";
  return demand.asks() ? describe_demand(demand) : "nothing";
}

}  // namespace stepup::rules
