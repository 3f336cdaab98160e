// SPDX-License-Identifier: ISC
#include "stepupd/daemon/check_dialogue.h"

#include <memory>
#include <string>
#include <utility>

#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/decision_record.h"
#include "stepupd/daemon/kept_proofs.h"
#include "stepupd/daemon/session_report.h"
#include "stepupd/daemon/source_reuse.h"
#include "stepupd/daemon/step_up.h"
#include "stepupd/daemon/surroundings.h"
#include "stepupd/policy/decide.h"
#include "stepupd/policy/join.h"
#include "stepupd/session/asker.h"
#include "stepupd/session/local_key.h"

namespace stepup::daemon {
namespace {

using wire::MessageId;
using wire::Phase;
using wire::VerdictCode;

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
    keep_proof(engine, connection, facts, request, demand, result);
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
  // SECURITY: nor has a uid without a name an account: a set-uid file of a subordinate uid lends it
  // to whoever wants to be another than the one whom the rules name.
  if (facts.subject.uid == kNoUid || facts.subject.name.empty()) {
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
  if (const char* const reason =
          proof_at_hand(engine, rules, facts, request, demand, decided, now)) {
    co_return Outcome{
        {VerdictCode::Granted, {}},
        reason, ""
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

  if (rules && !outcome.passes()) {
    if (const auto& stale = rules->stale) {
      connection.tell({MessageId::StaleRules, {rules::to_string(*stale)}});
    }
  }
  if (outcome.verdict.code == VerdictCode::Granted) {
    engine.ledger.note_use(facts.where, boot_now());
  }
  // To queue the record is to wake the thread that sends it, for which the caller need not wait.
  connection.finish(outcome.verdict);
  record_decision(engine, outcome, facts, request, asker, joined, rules.get());
  co_return outcome.verdict;
}

}  // namespace stepup::daemon
