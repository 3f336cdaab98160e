// SPDX-License-Identifier: ISC
#include "stepupd/daemon/check_dialogue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/session_report.h"
#include "stepupd/daemon/status_report.h"
#include "stepupd/daemon/step_up.h"
#include "stepupd/daemon/surroundings.h"
#include "stepupd/factor/digest.h"
#include "stepupd/factor/hex.h"
#include "stepupd/session/asker.h"
#include "stepupd/session/local_key.h"
#include "stepupd/wire/activity_messages.h"

namespace stepup::daemon {
namespace {

using wire::MessageId;
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

// A verdict and why, on the way to the journal and the module.
struct Outcome {
  wire::Verdict verdict;
  const char* reason = "";
  const char* factor = "";
};

Outcome deny(VerdictCode code, wire::Words words, const char* reason) {
  return {
      {code, std::move(words)},
      reason, ""
  };
}

Outcome not_required(const char* reason) {
  return {
      {VerdictCode::NotRequired, {}},
      reason, ""
  };
}

OneShot one_shot_of(const RequestFacts& facts, const wire::CheckRequest& request) {
  return {facts.where, facts.policy.pam_service, request.pam_user, facts.command_digest};
}

// sudo's plugin asks after the module, in the same process and for the same command.
OneShot plugin_shot_of(const RequestFacts& facts) {
  return {facts.where, "approval", "", facts.command_digest};
}

bool is_ssh_login(const RequestFacts& facts, const wire::CheckRequest& request) {
  return facts.policy.family == "sshd" && request.program == wire::Program::Other;
}

// For the session that the login may open, of which the process at `connection` is a part.
void note_login_proof(Engine& engine, const Connection& connection, const RequestFacts& facts,
                      const wire::CheckRequest& request, const StepUpResult& proved, BootTime now) {
  LoginAttempt attempt{facts.subject.uid, request.service, facts.where.process,
                       facts.where.process_start};
  const auto own = session::read_stat(connection.peer().pid);
  const auto parent = own ? session::read_stat(own->parent) : std::unexpected(own.error());
  if (parent) {
    attempt.parent = own->parent;
    attempt.parent_start = parent->start;
  }
  engine.ledger.note_login_proof(std::move(attempt),
                                 {proved.level, proved.factor, proved.credential_id, now});
}

void record_grant(Engine& engine, const Connection& connection, const RequestFacts& facts,
                  const wire::CheckRequest& request, const policy::Demand& demand,
                  const StepUpResult& proved) {
  const BootTime now = boot_now();
  if (request.program == wire::Program::Other && connection.socket() == wire::Socket::Stepupd) {
    note_login_proof(engine, connection, facts, request, proved, now);
  }
  const auto place = is_ssh_login(facts, request) ? place_of(request) : std::nullopt;
  if (place) engine.ledger.sources().note(*place, proved.level, proved.factor, now);
  // sudo, su and doas with lines in both phases ask once; the account phase uses this up.
  if (request.phase == Phase::Auth) {
    engine.ledger.add_one_shot(one_shot_of(facts, request), proved.level, proved.factor, now);
  }
  if (request.phase != Phase::Approval && request.program == wire::Program::Sudo) {
    engine.ledger.add_one_shot(plugin_shot_of(facts), proved.level, proved.factor, now);
  }
  if (demand.max_age == BootTime::zero() || demand.scope == Scope::Process ||
      facts.where.widest == Scope::Process) {
    return;
  }
  const Scope scope = facts.only_validates ? std::max(demand.scope, Scope::Tty) : demand.scope;
  engine.ledger.add({facts.where, scope, proved.level, proved.factor, proved.credential_id, now});
}

// Who is let through without a factor hears once a day until when.
void remind(Engine& engine, Connection& connection, const RequestFacts& facts,
            const rules::Unenrolled& unenrolled) {
  if (!facts.can_be_told || !engine.reminds_today(facts.subject.uid)) return;
  connection.tell({
      MessageId::EnrollReminder, {engine.host, date_of(unenrolled.until_unix - 1)}
  });
}

bool allows_unenrolled(const rules::Unenrolled& unenrolled, std::int64_t unix_seconds) {
  return unenrolled.allow && unix_seconds < unenrolled.until_unix;
}

// Whether who asks sits here.  Polkit's helper as a service runs nowhere near the person, so there
// it is the process it serves that counts, and nobody sits here where that cannot be told.
bool sits_here(const Connection& connection, const session::Asker& asker, uid_t subject,
               const wire::CheckRequest& request) {
  if (!request.requester) {
    return session::offers_local_key(
        session::read_key_place(connection.peer().pid, asker, subject, request.rhost_hint));
  }
  const auto pid = static_cast<pid_t>(*request.requester);
  const auto own_uid_map = session::read_own_uid_map();
  if (!own_uid_map) return false;
  const auto requester = session::read_requester(pid, asker, connection.fd(), *own_uid_map);
  return requester && requester->in_host_namespaces &&
         session::offers_local_key(
             session::read_key_place(pid, *requester, subject, request.rhost_hint));
}

// Whether the login that made this session proved enough, where the rules let it count.
bool login_is_enough(const Engine& engine, const InForce& rules, const RequestFacts& facts,
                     const policy::Demand& demand, BootTime now) {
  if (!demand.login_counts) return false;
  const Login* const login = engine.ledger.logins().find(facts.where.session);
  if (login == nullptr || engine.ledger.is_aside(*login)) return false;
  const policy::Grant proved = proved_by(*login, rules.set.settings.sk_requires_touch);
  return policy::decide(demand, facts.where, {&proved, 1}, now).decision == policy::Decision::Allow;
}

// Whether the same key has stepped up from the same address just now, where that counts.
bool source_is_enough(const Engine& engine, const InForce& rules, const RequestFacts& facts,
                      const wire::CheckRequest& request, const policy::Demand& demand,
                      BootTime now) {
  if (!is_ssh_login(facts, request)) return false;
  const auto place = place_of(request);
  return place &&
         engine.ledger.sources().meet(demand, *place, rules.set.settings.source_reuse, now);
}

// The step-up itself, once nothing proven here is enough.
Task<Outcome> ask_for_factor(Engine& engine, Connection& connection, const session::Asker& asker,
                             const RequestFacts& facts, const wire::CheckRequest& request,
                             const policy::Demand& demand, rules::Settings settings) {
  StepUpOrder order;
  order.subject = facts.subject;
  order.origin = facts.origin;
  order.level = demand.level;
  order.factors = demand.factors;
  order.service = facts.policy.family;
  order.unaskable = facts.unaskable;
  order.clock = request.clock;
  order.prompt = {
      MessageId::PromptOtp, {facts.subject.name, engine.host, facts.what}
  };
  order.what = facts.what;
  order.session = facts.where.session;
  order.target_user = facts.policy.target_user.value_or("");
  order.command_digest = facts.command_digest;
  order.local_key = facts.can_be_told && sits_here(connection, asker, facts.subject.uid, request);
  order.has_agent = facts.has_agent;
  const bool may_pass_unenrolled =
      allows_unenrolled(settings.unenrolled, engine.now().unix_seconds);

  auto asking = step_up(engine, connection, order);
  StepUpResult result = co_await std::move(asking);
  if (result.kind == StepUpResult::Kind::Unenrolled && may_pass_unenrolled) {
    // Until the date, whoever holds something weaker is asked for that; only who holds nothing
    // passes.
    if (result.refusal.words.id == MessageId::RefusedUnenrolled) {
      remind(engine, connection, facts, settings.unenrolled);
      co_return not_required("unenrolled-allowed");
    }
    order.level = Level::Otp;
    order.factors = FactorSet::all();
    auto asking_weaker = step_up(engine, connection, order);
    result = co_await std::move(asking_weaker);
    if (result.kind == StepUpResult::Kind::Unenrolled) {
      co_return not_required("unenrolled-allowed");
    }
  }
  if (result.kind == StepUpResult::Kind::Proved) {
    record_grant(engine, connection, facts, request, demand, result);
    co_return Outcome{
        {VerdictCode::Granted, {}},
        result.reason, stepup::to_string(result.factor)
    };
  }
  if (result.kind == StepUpResult::Kind::Refused) {
    engine.ledger.refuse_process(facts.where, boot_now());
  }
  co_return Outcome{result.refusal, result.reason, ""};
}

// What nobody can prove a way past: the words of the rule that denies, or that none is left.
Outcome denied_by_rules(const InForce& rules, const policy::Demand& demand,
                        const RequestFacts& facts, const std::string& host, const char* reason) {
  if (!demand.denied_by) {
    return deny(VerdictCode::Denied,
                {
                    MessageId::RefusedNoFactorCounts, {facts.policy.family, host}
    },
                reason);
  }
  return deny(
      VerdictCode::Denied,
      {
          MessageId::RefusedByRule,
          {facts.policy.family, host, rules.set.rules[*demand.denied_by].deny.value_or("")}
  },
      reason);
}

Task<Outcome> decide_and_ask(Engine& engine, Connection& connection, const session::Asker& asker,
                             const RequestFacts& facts, const wire::CheckRequest& request,
                             const InForce& rules, const policy::Joined& joined) {
  const policy::Demand& demand = joined.enforced;
  if (facts.subject.uid == kNoUid) {
    co_return deny(VerdictCode::Denied,
                   {
                       MessageId::Refused, {facts.policy.family, engine.host}
    },
                   "unknown-user");
  }
  if (!demand.asks()) {
    co_return not_required(joined.reported.asks() ? "only-reported" : "no-rule");
  }
  // Whoever calls sudo as root already has what is asked for.
  if (facts.caller_is_root && !joined.names_root) co_return not_required("caller-is-root");
  if (facts.only_lists) co_return not_required("only-lists");
  engine.notice_suspend();
  engine.notice_logout(facts.where.session);
  connection.stand_on(engine.ledger.ground(facts.subject.uid, facts.where.session));
  const BootTime now = boot_now();
  const policy::Decided decided =
      policy::decide(demand, facts.where, engine.ledger.of(facts.subject.uid), now);
  const bool monitors = rules.set.settings.mode == rules::Mode::Monitor;
  if (decided.decision == policy::Decision::Deny && !monitors) {
    co_return denied_by_rules(rules, demand, facts, engine.host, policy::to_string(decided.reason));
  }
  if (request.phase == Phase::Approval &&
      engine.ledger.take_one_shot(plugin_shot_of(facts), demand, now)) {
    co_return Outcome{
        {VerdictCode::Granted, {}},
        "granted-to-the-module", ""
    };
  }
  if (request.phase == Phase::Account &&
      engine.ledger.take_one_shot(one_shot_of(facts, request), demand, now)) {
    co_return Outcome{
        {VerdictCode::Granted, {}},
        "granted-in-auth-phase", ""
    };
  }
  if (decided.decision == policy::Decision::Allow) {
    co_return Outcome{
        {VerdictCode::Granted, {}},
        policy::to_string(decided.reason), ""
    };
  }
  if (login_is_enough(engine, rules, facts, demand, now)) {
    co_return Outcome{
        {VerdictCode::Granted, {}},
        "login-counts", ""
    };
  }
  if (source_is_enough(engine, rules, facts, request, demand, now)) {
    co_return Outcome{
        {VerdictCode::Granted, {}},
        "source-reuse", ""
    };
  }
  if (monitors) co_return not_required("monitor-mode");
  if (is_ssh_login(facts, request) && request.phase == Phase::Auth && is_first_factor(request)) {
    co_return deny(VerdictCode::Denied,
                   {
                       MessageId::RefusedFirstFactor, {facts.policy.family, engine.host}
    },
                   "first-factor");
  }
  if (engine.ledger.is_refused(facts.where, now)) {
    co_return deny(VerdictCode::Denied, {}, "refused-before");
  }
  auto asking =
      ask_for_factor(engine, connection, asker, facts, request, demand, rules.set.settings);
  Outcome outcome = co_await std::move(asking);
  co_return outcome;
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

Task<wire::Verdict> check_dialogue(Engine& engine, Connection& connection, session::Asker asker,
                                   wire::CheckRequest request) {
  if (request.phase == Phase::OpenSession || request.phase == Phase::CloseSession) {
    report_session(engine, asker, request);
    co_return wire::Verdict{VerdictCode::NotRequired, {}};
  }
  Result<RequestFacts> facts = facts_of(request, asker);
  if (!facts) {
    audit::trouble(facts.error(), "denying");
    co_return wire::Verdict{
        VerdictCode::Unavailable, {MessageId::RefusedIdentity, {request.service, engine.host}}
    };
  }
  auto deciding = decision_dialogue(engine, connection, std::move(asker), std::move(request),
                                    std::move(*facts));
  wire::Verdict verdict = co_await std::move(deciding);
  co_return verdict;
}

Task<wire::Verdict> decision_dialogue(Engine& engine, Connection& connection, session::Asker asker,
                                      wire::CheckRequest request, RequestFacts facts) {
  // Held for the whole dialogue: a reload meanwhile must not change the ground under it.
  const std::shared_ptr<const InForce> rules = engine.rules;
  add_surroundings(surroundings_of(engine, connection, asker, request), facts.policy);
  if (rules) look_at_program(*rules, facts.policy.command);
  if (const Login* login = engine.ledger.logins().find(asker.where.session)) {
    const bool touched = rules && rules->set.settings.sk_requires_touch;
    auto methods = amr_of(*login, touched);
    if (!methods.empty()) facts.policy.login_methods = std::move(methods);
  }
  policy::Joined joined;
  Outcome outcome = deny(VerdictCode::Unavailable,
                         {MessageId::RefusedNoRules, {engine.rules_problem}}, "no-rules");
  if (rules) {
    joined = policy::join(rules->set.rules, rules->index, facts.policy);
    auto deciding = decide_and_ask(engine, connection, asker, facts, request, *rules, joined);
    outcome = co_await std::move(deciding);
  }
  audit::DecisionRecord record;
  record.verdict = to_string(outcome.verdict.code);
  record.reason = outcome.reason;
  record.service = facts.policy.family;
  record.phase = to_string(request.phase);
  record.subject = facts.subject;
  record.target_user = facts.policy.target_user.value_or("");
  record.command = facts.command;
  if (const auto keyed = factor::hmac_sha256(engine.journal_key, facts.command_digest)) {
    record.command_digest = factor::hex(*keyed).text();
  }
  record.login_session = asker.login_session;
  record.login_uid = asker.login_uid;
  record.where = facts.where;
  record.demanded = joined.reported.level;
  record.factor = outcome.factor;
  if (rules) {
    record.rules = names_of(*rules, joined.reported);
    record.rules_digest = rules->digest;
  }

  const bool passes = outcome.verdict.code == VerdictCode::Granted ||
                      outcome.verdict.code == VerdictCode::NotRequired;
  if (rules && !passes) {
    if (const auto& stale = rules->stale) {
      connection.tell({MessageId::StaleRules, {rules::to_string(*stale)}});
    }
  }
  if (outcome.verdict.code == VerdictCode::Granted) {
    engine.ledger.note_use(facts.where, boot_now());
  }
  // To queue the record is to wake the thread that sends it, for which the caller need not wait.
  connection.finish(outcome.verdict);
  audit::decision(record);
  if (record.subject.uid != kNoUid) {
    engine.note_activity(activity_of(record, request, engine.now().unix_seconds,
                                     rules && rules->set.settings.activity_arguments));
  }
  co_return outcome.verdict;
}

}  // namespace stepup::daemon
