// SPDX-License-Identifier: ISC
#include "stepupd/daemon/kept_proofs.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "stepupd/daemon/login.h"
#include "stepupd/daemon/source_reuse.h"
#include "stepupd/session/asker.h"

namespace stepup::daemon {
namespace {

using wire::Phase;

OneShot one_shot_of(const RequestFacts& facts, const wire::CheckRequest& request) {
  return {facts.where, facts.policy.pam_service, request.pam_user, facts.command_digest};
}

// sudo's plugin asks after the module, in the same process and for the same command.
OneShot plugin_shot_of(const RequestFacts& facts) {
  return {facts.where, "approval", "", facts.command_digest};
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

}  // namespace

bool is_ssh_login(const RequestFacts& facts, const wire::CheckRequest& request) {
  return facts.policy.family == "sshd" && request.program == wire::Program::Other;
}

void keep_proof(Engine& engine, const Connection& connection, const RequestFacts& facts,
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

const char* proof_at_hand(Engine& engine, const InForce& rules, const RequestFacts& facts,
                          const wire::CheckRequest& request, const policy::Demand& demand,
                          const policy::Decided& decided, BootTime now) {
  if (request.phase == Phase::Approval &&
      engine.ledger.take_one_shot(plugin_shot_of(facts), demand, now)) {
    return "granted-to-the-module";
  }
  if (request.phase == Phase::Account &&
      engine.ledger.take_one_shot(one_shot_of(facts, request), demand, now)) {
    return "granted-in-auth-phase";
  }
  if (decided.decision == policy::Decision::Allow) return policy::to_string(decided.reason);
  if (login_is_enough(engine, rules, facts, demand, now)) return "login-counts";
  if (source_is_enough(engine, rules, facts, request, demand, now)) return "source-reuse";
  return nullptr;
}

}  // namespace stepup::daemon
