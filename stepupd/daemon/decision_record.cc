// SPDX-License-Identifier: ISC
#include "stepupd/daemon/decision_record.h"

#include <cstdint>
#include <string>

#include "stepupd/base/printable.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/gate_dialogue.h"
#include "stepupd/daemon/status_report.h"
#include "stepupd/factor/digest.h"
#include "stepupd/factor/hex.h"
#include "stepupd/store/records.h"
#include "stepupd/wire/activity_messages.h"

namespace stepup::daemon {
namespace {

using wire::Phase;
using wire::VerdictCode;

const char* to_string(VerdictCode code) {
  switch (code) {
    case VerdictCode::Granted: return "granted";
    case VerdictCode::NotRequired: return "not-required";
    case VerdictCode::Denied: return "denied";
    case VerdictCode::LockedOut: return "locked-out";
    case VerdictCode::Unavailable: return "unavailable";
  }
  return "?";
}

const char* to_string(Phase phase) {
  switch (phase) {
    case Phase::Auth: return "auth";
    case Phase::Account: return "account";
    case Phase::OpenSession: return "open-session";
    case Phase::CloseSession: return "close-session";
    case Phase::Approval: return "approval";
  }
  return "?";
}

std::string names_of(const InForce& rules, const policy::Demand& demand) {
  std::string names;
  for (const std::size_t index : demand.rules) {
    if (!names.empty()) names += ", ";
    names += rules.set.rules[index].name;
  }
  return names;
}

// What of a decision is kept.
store::Activity activity_of(const audit::DecisionRecord& record, const wire::CheckRequest& request,
                            std::int64_t now, bool with_arguments) {
  store::Activity row;
  row.at = now;
  row.subject = record.subject;
  row.session = record.where.session;
  row.tty = record.where.tty == 0 ? "" : daemon::terminal_name(record.where.tty);
  row.service = record.service;
  row.phase = record.phase;
  row.target_user = record.target_user;
  row.command = record.command;
  row.digest = record.command_digest;
  row.verdict = record.verdict;
  row.reason = record.reason;
  row.rules = record.rules;
  row.factor = record.factor;
  if (with_arguments) {
    for (std::size_t i = 1; i < request.argv.size(); ++i) {
      const std::string& word = request.argv[i];
      const bool is_plain = !word.empty() && word.find_first_of(" \"") == word.npos;
      row.arguments.append(i > 1 ? " " : "").append(is_plain ? word : '"' + word + '"');
    }
    row.arguments = printable(row.arguments, wire::kMaxArguments);
  }
  return row;
}

}  // namespace

void record_decision(Engine& engine, const Outcome& outcome, const RequestFacts& facts,
                     const wire::CheckRequest& request, const session::Asker& asker,
                     const policy::Joined& joined, const InForce* rules) {
  audit::DecisionRecord record;
  record.verdict = to_string(outcome.verdict.code);
  record.reason = outcome.reason;
  record.service = facts.policy.family;
  record.phase = to_string(request.phase);
  record.subject = facts.subject;
  // Cut, since who asks chooses them.
  record.target_user = printable(facts.policy.target_user.value_or(""), wire::kMaxName);
  record.command = printable(facts.command, wire::kMaxName);
  if (const auto keyed = factor::hmac_sha256(engine.journal_key, facts.command_digest)) {
    record.command_digest = factor::hex(*keyed).text();
  }
  record.login_session = asker.login_session;
  record.login_uid = asker.login_uid;
  // SECURITY: who was let through a PAM service is told in any case: else one could be refused a
  // thousand times before, and nobody would see the time that counts.
  record.counts_for = outcome.passes() && request.service != kSshCommand ? 0 : asker.counts_for;
  record.where = facts.where;
  record.demanded = joined.reported.level;
  record.factor = outcome.factor;
  if (rules) {
    record.rules = names_of(*rules, joined.reported);
    record.rules_digest = rules->digest;
  }
  audit::decision(record);
  if (record.subject.uid != kNoUid && !record.subject.name.empty()) {
    engine.note_activity(activity_of(record, request, engine.now().unix_seconds,
                                     rules && rules->set.settings.activity_arguments));
  }
}

}  // namespace stepup::daemon
