// SPDX-License-Identifier: ISC
#include "stepupd/daemon/gate_dialogue.h"

#include <string_view>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/check_dialogue.h"
#include "stepupd/policy/command_line.h"

namespace stepup::daemon {
namespace {

constexpr std::size_t kMaxWhat = 80;  // of a prompt line

// The basename of the command's first word where no shell could read it as anything else.
std::string command_of(std::string_view command) {
  const std::string_view word = command.substr(0, command.find(' '));
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+";
  if (word.find_first_not_of(kPlain) != std::string_view::npos) return "";
  return std::string(word.substr(word.rfind('/') + 1));
}

}  // namespace

wire::CheckRequest as_check(const wire::GateRequest& request, const Subject& subject,
                            const session::Asker& asker) {
  wire::CheckRequest check;
  check.phase = wire::Phase::Account;
  check.service = kSshCommand;
  check.pam_user = check.caller = subject.name;
  check.pam_user_uid = subject.uid;
  check.groups.emplace(asker.groups.begin(), asker.groups.end());
  check.argv = {kSshCommand};
  if (!request.command.empty()) check.argv.push_back(request.command);
  check.argv_truncated = request.command_truncated;
  return check;
}

Result<RequestFacts> gate_facts(const wire::CheckRequest& check, const session::Asker& asker) {
  auto facts = facts_of(check, asker);
  if (!facts) return facts;
  facts->where.widest = asker.where.widest;
  facts->origin = Origin::Self;
  facts->can_be_told = asker.where.tty != 0;
  facts->has_agent = true;  // asked without a terminal, too: what is said goes to standard error
  if (check.argv.size() < 2) {
    facts->policy.command.reading = policy::Command::Reading::Shell;
  } else if (!check.argv_truncated) {
    facts->policy.command = policy::read_shell_command(check.argv[1]);
  }
  facts->unaskable = wire::MessageId::RefusedNoTerminal;
  if (check.argv.size() > 1) {
    facts->what = printable(std::string(kSshCommand) + ": " + check.argv[1], kMaxWhat);
    facts->command = command_of(check.argv[1]);
  }
  return facts;
}

Task<wire::Verdict> gate_dialogue(Engine& engine, Connection& connection, session::Asker asker,
                                  wire::GateRequest request) {
  auto finding = target_of(engine, connection, "");
  const TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  wire::CheckRequest check = as_check(request, found.target->subject, asker);
  Result<RequestFacts> facts = gate_facts(check, asker);
  if (!facts) co_return unavailable(engine, facts.error());
  auto deciding =
      decision_dialogue(engine, connection, std::move(asker), std::move(check), std::move(*facts));
  wire::Verdict verdict = co_await std::move(deciding);
  co_return verdict;
}

}  // namespace stepup::daemon
