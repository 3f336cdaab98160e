// SPDX-License-Identifier: ISC
#include "stepupd/daemon/sessions_dialogue.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/control_dialogue.h"
#include "stepupd/daemon/status_report.h"

namespace stepup::daemon {
namespace {

using wire::MessageId;
using wire::Verdict;
using wire::VerdictCode;

Verdict only_root(const Connection& connection, const char* command) {
  audit::peer_refused(connection.peer().pid, connection.peer().uid, "control.sock", command);
  return {
      VerdictCode::Denied, {MessageId::RefusedRights, {command}}
  };
}

wire::SessionList listed(std::vector<policy::Grant> grants, BootTime now) {
  std::ranges::sort(grants, std::ranges::greater{}, &policy::Grant::auth_time);
  wire::SessionList list;
  list.total = grants.size();
  if (grants.size() > wire::kMaxSessionRows) grants.resize(wire::kMaxSessionRows);
  for (const policy::Grant& grant : grants) {
    list.sessions.push_back({grant.where.subject, grant.where.session,
                             grant.where.tty == 0 ? "" : terminal_name(grant.where.tty),
                             static_cast<std::uint32_t>(grant.where.leader), grant.level,
                             grant.factor, grant.scope, seconds_between(grant.auth_time, now)});
  }
  return list;
}

// Forgets what all of `grants` are; `of_whom` names it for the journal, in the share of `caller`.
template <typename Forget>
Verdict revoked(const std::vector<policy::Grant>& grants, const std::string& of_whom,
                const std::string& actor, uid_t caller, Forget forget) {
  forget();
  audit::revoked(of_whom, grants.size(), actor, caller);
  return {VerdictCode::Granted, {}};
}

std::vector<policy::Grant> grants_of(const Engine& engine, uid_t uid) {
  const auto held = engine.ledger.of(uid);
  return {held.begin(), held.end()};
}

}  // namespace

Task<Verdict> sessions_dialogue(Engine& engine, Connection& connection,
                                wire::SessionsRequest request) {
  engine.notice_suspend();
  if (request.user.empty() && connection.peer().uid == 0) {
    connection.send(listed(engine.ledger.all(), boot_now()));
    co_return Verdict{VerdictCode::Granted, {}};
  }
  auto finding = target_of(engine, connection, request.user);
  TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  connection.send(listed(grants_of(engine, found.target->subject.uid), boot_now()));
  co_return Verdict{VerdictCode::Granted, {}};
}

Task<Verdict> revoke_dialogue(Engine& engine, Connection& connection, wire::RevokeRequest request) {
  const uid_t caller = connection.peer().uid;
  auto finding = target_of(engine, connection, request.user);
  TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  const Target& target = *found.target;
  if (request.all) {
    if (caller != 0) co_return only_root(connection, "stepupctl revoke --all");
    co_return revoked(engine.ledger.all(), "everybody", target.actor, caller,
                      [&] { engine.ledger.forget_all(); });
  }
  // To others than root nothing tells who else has proved something there.
  if (request.session) {
    std::vector<policy::Grant> inside = engine.ledger.all();
    std::erase_if(inside, [&](const policy::Grant& grant) {
      return grant.where.session != *request.session ||
             (caller != 0 && grant.where.subject != caller);
    });
    co_return revoked(inside, "session " + to_string(*request.session), target.actor, caller, [&] {
      // A login over ssh that was asked may have made it, so nobody follows that one either.
      if (caller == 0) {
        engine.ledger.forget_session(*request.session);
        engine.ledger.sources().forget_all();
      } else {
        engine.ledger.forget_session(*request.session, caller);
        engine.ledger.sources().forget(caller);
      }
    });
  }
  const uid_t uid = target.subject.uid;
  co_return revoked(grants_of(engine, uid), target.subject.name, target.actor, caller,
                    [&] { engine.ledger.forget_subject(uid); });
}

}  // namespace stepup::daemon
