// SPDX-License-Identifier: ISC
#include "stepupd/ctl/config_check.h"

#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "stepupd/base/small_file.h"
#include "stepupd/ctl/config_schema.h"
#include "stepupd/ctl/daemon_query.h"
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

Checked failed(std::string file, std::string what) {
  return {{}, {}, {{std::move(file), 0, 0, std::move(what)}}};
}

// The rules that stepupd has in force: its copy of the last good ones, if that is what it tells.
Checked read_running(const std::string& socket) {
  constexpr char kCopy[] = "/var/lib/stepup/rules.last-good";
  constexpr std::size_t kDigestSize = 64;
  const auto status = ask_status(socket);
  if (!status) return failed(socket, "stepupd does not answer");
  if (status->rules_digest.empty()) return failed(socket, "stepupd has no rules in force");
  const auto copy = read_small_file(kCopy, 2 * rules::kMaxTotalSize);
  if (!copy) return failed(kCopy, geteuid() == 0 ? copy.error().what : "only root may read it");
  const std::string_view text = *copy;
  if (text.substr(0, kDigestSize) != status->rules_digest || text.size() <= kDigestSize) {
    return failed(kCopy, "is not what stepupd has in force: run systemctl reload stepupd");
  }
  auto files = rules::unbundle(text.substr(kDigestSize + 1));
  if (!files) return failed(kCopy, files.error().what);
  auto set = rules::parse(*files);
  if (!set) return {{}, {}, std::move(set.error())};
  return {std::move(*files), std::move(*set), {}};
}

// What the files of `directory`, or this host's, would change: of what is in force, of this host's
// files, or of what packages brought and the defaults.
ExitCode diff(const ConfigCommand& command, const std::string& socket, bool as_json) {
  const Checked after = read_config(command.directory);
  if (!after.set) return complain_of(after, as_json);
  const Checked before = command.running ? read_running(socket)
                         : command.directory.empty()
                             ? rules::check_vendor(rules::Layout{}, rules::OwnerRule::Root)
                             : read_config({});
  if (!before.set) return complain_of(before, as_json);
  const auto changes = rules::difference(before, after);
  return print(as_json ? json(changes) : rules::to_string(changes));
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

ExitCode work_on_config(const ConfigCommand& command, const std::string& socket, bool as_json) {
  if (command.verb == Verb::Schema) return print(config_schema());
  if (command.verb == Verb::Diff) return diff(command, socket, as_json);
  const Checked checked = read_config(command.directory);
  if (!checked.set) return complain_of(checked, as_json);
  if (as_json) return print(json(*checked.set));
  if (command.verb == Verb::Show) return print(rules::show(checked));
  // Legal, and perhaps meant, but a person who looks for mistakes wants to know.
  for (const std::string& warning : rules::warnings(*checked.set)) complain("warning: " + warning);
  return print(rules::summary(checked));
}

}  // namespace stepup::ctl
