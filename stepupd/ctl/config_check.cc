// SPDX-License-Identifier: ISC
#include "stepupd/ctl/config_check.h"

#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/json_report.h"
#include "stepupd/ctl/output.h"
#include "stepupd/rules/credential_files.h"
#include "stepupd/rules/rules.h"

namespace stepup::ctl {
namespace {

ExitCode complain_of(const std::vector<rules::Problem>& problems, bool as_json) {
  if (as_json) (void)write_all(STDOUT_FILENO, json(problems));
  if (as_json) return ExitCode::Refused;
  for (const rules::Problem& problem : problems) complain(rules::to_string(problem));
  return ExitCode::Refused;
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string render(const rules::RuleSet& set, std::size_t files) {
  std::string out;
  for (const policy::Rule& rule : set.rules) {
    out += printable(rule.origin) + ": " + (rule.enforce ? "" : "only reported: ") +
           printable(rules::describe(rule)) + "  \"" + printable(rule.name) + "\"\n";
  }
  for (const std::string& masked : set.masked) out += printable(masked) + ": masked\n";
  return out + "No mistake found: " + counted(set.rules.size(), "rule") + " in " +
         counted(files, "file") + ".\n";
}

}  // namespace

ExitCode check_config(const ConfigCheck& check, bool as_json) {
  rules::Layout layout;
  if (!check.directory.empty()) layout.etc_dir = check.directory;
  const auto owner = check.directory.empty() ? rules::OwnerRule::Root : rules::OwnerRule::Anyone;
  const auto files = rules::read_files(layout, owner);
  if (!files) return complain_of(files.error(), as_json);
  const auto set = rules::parse(*files);
  if (!set) return complain_of(set.error(), as_json);
  rules::Trust trust;
  if (owner == rules::OwnerRule::Root) trust.owner = 0;
  const auto bad_credentials = rules::check_credential_files(layout, trust);
  if (!bad_credentials.empty()) return complain_of(bad_credentials, as_json);
  if (as_json) {
    return write_all(STDOUT_FILENO, json(*set)) ? ExitCode::Done : ExitCode::Refused;
  }

  // Legal, and perhaps meant, but a person who looks for mistakes wants to know.
  if (set->rules.empty()) complain("warning: there is no rule, so nobody is asked");
  if (set->settings.mode == rules::Mode::Monitor) {
    complain("warning: mode is \"monitor\", so nobody is asked");
  }
  return write_all(STDOUT_FILENO, render(*set, files->size())) ? ExitCode::Done : ExitCode::Refused;
}

}  // namespace stepup::ctl
