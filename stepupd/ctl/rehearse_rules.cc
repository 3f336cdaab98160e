// SPDX-License-Identifier: ISC
#include "stepupd/ctl/rehearse_rules.h"

#include <time.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "stepupd/base/accounts.h"
#include "stepupd/base/local_time.h"
#include "stepupd/ctl/config_check.h"
#include "stepupd/ctl/daemon_query.h"
#include "stepupd/ctl/json_report.h"
#include "stepupd/ctl/log.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/replay.h"
#include "stepupd/ctl/report.h"
#include "stepupd/rules/resolve.h"
#include "stepupd/rules/safe_program.h"
#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/credential_messages.h"

namespace stepup::ctl {
namespace {

// What the name service and the file system tell now, each asked once for each name.
class Host {
 public:
  void complete(policy::Facts& facts, const std::string& user, std::int64_t at) {
    facts.groups = groups(user);
    if (facts.target_user) {
      const auto& [target, added] = targets_.try_emplace(*facts.target_user);
      if (added) {
        const auto account = account_of(target->first);
        if (account) target->second = account->uid;
      }
      if (target->second) facts.target_uid = target->second;
      if (target->second) facts.target_groups = groups(target->first);
    }
    if (const auto offset = local_offset_at(at)) facts.now = policy::Moment{at, *offset};
    if (facts.command.reading != policy::Command::Reading::Words) return;
    const std::string& program = facts.command.words.front();
    const auto& [safe, added] = safe_.try_emplace(program);
    if (added) safe->second = rules::is_safe_program(program);
    facts.command.program_is_safe = safe->second;
  }

 private:
  const std::optional<std::vector<gid_t>>& groups(const std::string& user) {
    const auto& [found, added] = groups_.try_emplace(user);
    if (added) found->second = groups_of(user);
    return found->second;
  }

  std::map<std::string, std::optional<std::vector<gid_t>>> groups_;
  std::map<std::string, std::optional<uid_t>> targets_;
  std::map<std::string, bool> safe_;
};

// Of everybody in `past`, whom nobody but root may ask about.
Holdings ask_holdings(const std::vector<PastDecision>& past, const rules::Settings& settings,
                      const std::string& socket) {
  Holdings holdings;
  if (geteuid() != 0) return holdings;
  for (const PastDecision& decision : past) {
    if (holdings.contains(decision.row.uid)) continue;
    const auto list = ask_credentials(socket, decision.row.user);
    if (!list) continue;
    FactorSet& held = holdings[decision.row.uid];
    for (const wire::CredentialRow& row : list->credentials) {
      const bool counts = (row.factor != FactorKind::Fido2 || settings.fido2) &&
                          (row.factor != FactorKind::SshSk || settings.ssh_sk);
      if (counts) held.add(row.factor);
    }
  }
  return holdings;
}

}  // namespace

ExitCode rehearse_rules(const RehearseCommand& command, const std::string& socket, bool as_json) {
  rules::Checked checked = read_config(command.directory);
  if (!checked.set) return complain_of(checked, as_json);
  rules::RuleSet& set = *checked.set;
  rules::resolve(set.rules, read_local_accounts());

  std::vector<PastDecision> past;
  Host host;
  wire::LogRequest request;
  request.since = command.since;
  const ExitCode code =
      read_log(request, socket, as_json, [&](const wire::ActivityReport& page) -> std::string {
        for (const wire::ActivityRow& row : page.rows) {
          PastDecision decision{row, facts_of(row)};
          host.complete(decision.facts, row.user, row.at);
          past.push_back(std::move(decision));
        }
        return "";
      });
  if (code != ExitCode::Done) return code;

  Rehearsal rehearsal = replay(set, past, ask_holdings(past, set.settings, socket), time(nullptr));
  if (!rehearsal.knows_factors && !past.empty()) {
    rehearsal.remarks.emplace_back("Only root is told who has no factor for what is asked.");
  }
  if (set.settings.mode == rules::Mode::Monitor) {
    rehearsal.remarks.emplace_back(
        "mode is \"monitor\", so nobody would be asked or refused: this is what \"enforce\" does.");
  }
  const std::string text = as_json ? json(rehearsal) : render(rehearsal);
  return write_all(STDOUT_FILENO, text) ? ExitCode::Done : ExitCode::Refused;
}

}  // namespace stepup::ctl
