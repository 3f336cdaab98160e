// SPDX-License-Identifier: ISC
#include "stepupd/ctl/config_check.h"

#include <unistd.h>

#include <string>

#include "stepupd/ctl/config_schema.h"
#include "stepupd/ctl/json_report.h"
#include "stepupd/ctl/output.h"
#include "stepupd/rules/check.h"

namespace stepup::ctl {
namespace {

using rules::Checked;
using Verb = ConfigCommand::Verb;

ExitCode print(const std::string& text) {
  return write_all(STDOUT_FILENO, text) ? ExitCode::Done : ExitCode::Refused;
}

// What the files of `directory` would change here; without one, what this host's files say beyond
// the defaults and what was installed with packages.
ExitCode diff(const std::string& directory, bool as_json) {
  const Checked after = read_config(directory);
  if (!after.set) return complain_of(after, as_json);
  Checked before;
  if (directory.empty()) {
    before = rules::check_vendor(rules::Layout{}, rules::OwnerRule::Root);
  } else {
    before = read_config({});
  }
  if (!before.set) return complain_of(before, as_json);
  return print(rules::difference(before, after));
}

}  // namespace

ExitCode complain_of(const Checked& checked, bool as_json) {
  if (as_json) (void)write_all(STDOUT_FILENO, json(checked.problems));
  if (as_json) return ExitCode::Refused;
  for (const rules::Problem& problem : checked.problems) complain(rules::with_caret(problem));
  return ExitCode::Refused;
}

Checked read_config(const std::string& directory) {
  rules::Layout layout;
  if (directory.empty()) return rules::check(layout, rules::OwnerRule::Root);
  layout.etc_dir = directory;
  return rules::check(layout, rules::OwnerRule::Anyone);
}

ExitCode work_on_config(const ConfigCommand& command, bool as_json) {
  if (command.verb == Verb::Schema) return print(config_schema());
  if (command.verb == Verb::Diff) return diff(command.directory, as_json);
  const Checked checked = read_config(command.directory);
  if (!checked.set) return complain_of(checked, as_json);
  if (as_json) return print(json(*checked.set));
  if (command.verb == Verb::Show) return print(rules::show(checked));
  // Legal, and perhaps meant, but a person who looks for mistakes wants to know.
  for (const std::string& warning : rules::warnings(*checked.set)) complain("warning: " + warning);
  return print(rules::summary(checked));
}

}  // namespace stepup::ctl
