// SPDX-License-Identifier: ISC
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

std::string describe(const policy::Rule& rule) {
  std::string text = to_string(rule.level);
  text.append(rule.max_age == BootTime::zero() ? " every time"
                                               : " within " + format_duration(rule.max_age));
  text.append(", scope ").append(to_string(rule.scope));
  if (!rule.enforce) text.append(", reported only");
  return text;
}

}  // namespace stepup::rules
