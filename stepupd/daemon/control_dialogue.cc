// SPDX-License-Identifier: ISC
#include "stepupd/daemon/control_dialogue.h"
#include "stepupd/base/accounts.h"

#include <string.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/credential_rows.h"
#include "stepupd/daemon/enroll_dialogue.h"
#include "stepupd/daemon/gate_dialogue.h"
#include "stepupd/daemon/gone_accounts.h"
#include "stepupd/daemon/import_dialogue.h"
#include "stepupd/daemon/log_dialogue.h"
#include "stepupd/daemon/sessions_dialogue.h"
#include "stepupd/daemon/status_report.h"
#include "stepupd/session/local_key.h"
#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/grant_messages.h"
#include "stepupd/wire/import_messages.h"
#include "stepupd/wire/packet.h"
#include "stepupd/wire/status_messages.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using wire::MessageId;
using wire::Verdict;
using wire::VerdictCode;

constexpr BootTime kChangeMaxAge = 5min;  // ARCHITECTURE section 11, Enrolment

Verdict denied(MessageId id, std::vector<std::string> args = {}) {
  return {
      VerdictCode::Denied, {id, std::move(args)}
  };
}

Verdict done() { return {VerdictCode::Granted, {}}; }

// Why codes are refused; empty when nothing is known.  Whoever may ask for nothing but the status
// does not keep the worker busy either.
Task<std::string> trouble_of_store(Engine& engine, const session::Asker& asker, uid_t uid) {
  if (!asker.in_host_namespaces) co_return "";
  auto checking = engine.with_store<bool>(uid, [](store::Store& store) -> Result<bool> {
    if (auto checked = store.check(); !checked) return std::unexpected(checked.error());
    return true;
  });
  const Result<bool> checked = co_await checking;
  if (checked || checked.error().code == Errc::Busy) co_return "";
  std::string trouble = checked.error().what;
  if (checked.error().sys_errno != 0) {
    trouble += std::string(": ") + strerrordesc_np(checked.error().sys_errno);
  }
  co_return trouble;
}

Task<Verdict> list_dialogue(Engine& engine, Connection& connection, session::Asker asker,
                            wire::ListRequest request) {
  auto finding = target_of(engine, connection, request.user);
  const TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  auto authorising = authorise_change(engine, connection, asker, *found.target, "list");
  const auto refusal = co_await std::move(authorising);
  if (refusal) co_return *refusal;
  auto listing = engine.with_store<std::vector<wire::CredentialRow>>(
      found.target->subject.uid,
      [subject = found.target->subject, declared = engine.declared()](store::Store& store) {
        return list_credentials(store, subject, declared);
      });
  Result<std::vector<wire::CredentialRow>> rows = co_await listing;
  if (!rows) co_return unavailable(engine, rows.error());
  connection.send(wire::CredentialList{found.target->subject.name, std::move(*rows)});
  co_return done();
}

Task<Verdict> remove_dialogue(Engine& engine, Connection& connection, session::Asker asker,
                              wire::RemoveRequest request) {
  auto finding = target_of(engine, connection, request.user);
  const TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  const Target& target = *found.target;
  auto authorising = authorise_change(engine, connection, asker, target, "remove");
  const auto refusal = co_await std::move(authorising);
  if (refusal) co_return *refusal;
  auto removing = engine.with_store<Enrolled<void>>(
      target.subject.uid,
      [target, label = request.label,
       now = engine.now()](store::Store& store) -> Result<Enrolled<void>> {
        return lifted(
            remove_credential(store, target.subject, label, target.by_root, target.actor, now));
      });
  const Result<Enrolled<void>> removed = co_await removing;
  if (!removed) co_return unavailable(engine, removed.error());
  if (!*removed) co_return refusal_of(engine, removed->error(), target.subject, request.label);
  engine.ledger.forget_subject(target.subject.uid);
  audit::credential_changed(target.subject, "removed", request.label, target.actor);
  co_return done();
}

Task<Verdict> status_dialogue(Engine& engine, Connection& connection, session::Asker asker) {
  constexpr std::size_t kMaxRemarks = 32;  // as in status_report(), for the size of the packet
  engine.notice_suspend();
  const uid_t caller = connection.peer().uid;
  auto checking = trouble_of_store(engine, asker, caller);
  const std::string trouble = co_await std::move(checking);
  wire::StatusReport report = status_report(engine, asker, caller, trouble);
  if (caller == 0 && asker.in_host_namespaces) {
    auto looking = engine.with_store<std::vector<Subject>>(0, gone_accounts);
    const Result<std::vector<Subject>> gone = co_await looking;
    for (const Subject& one : gone ? *gone : std::vector<Subject>()) {
      if (report.remarks.size() >= kMaxRemarks) break;
      report.remarks.push_back(about_gone(one));
    }
  }
  connection.send(report);
  co_return done();
}

// stepupctl ticket and reset: root's, as the request table says.
Task<Verdict> ticket_dialogue(Engine& engine, Connection& connection, std::string user,
                              bool reset) {
  auto finding = target_of(engine, connection, user);
  const TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  const Target& target = *found.target;
  // Before and after: an enrolment that is under way must find that its ground is gone.
  if (reset) engine.ledger.forget_subject(target.subject.uid);
  auto issuing = engine.with_store<IssuedTicket>(
      target.subject.uid, [target, reset, now = engine.now()](store::Store& store) {
        return reset ? reset_subject(store, target.subject, target.actor, now)
                     : issue_ticket(store, target.subject, now);
      });
  Result<IssuedTicket> issued = co_await issuing;
  if (!issued) co_return unavailable(engine, issued.error());
  if (reset) engine.ledger.forget_subject(target.subject.uid);
  audit::credential_changed(target.subject, reset ? "reset" : "ticket issued", "", target.actor);
  connection.send(
      wire::NewTicket{target.subject.name, std::move(issued->ticket), issued->expires_at});
  co_return done();
}

// What stepupctl's caller is asked for before `verb`.
StepUpOrder order_of_ctl(const Engine& engine, const Connection& connection,
                         const session::Asker& asker, const Subject& subject,
                         const std::string& verb) {
  StepUpOrder order;
  order.subject = subject;
  order.service = "stepupctl";
  order.what = "stepupctl: " + verb;
  order.prompt = {
      MessageId::PromptOtp, {subject.name, engine.host, order.what}
  };
  order.session = asker.where.session;
  order.command_digest = verb;
  order.local_key = asker.where.tty != 0 && sits_here(connection, asker, subject.uid);
  return order;
}

void add_grant(Engine& engine, const session::Asker& asker, uid_t uid, Scope scope,
               const StepUpResult& proved) {
  Coordinates where = asker.where;
  where.subject = uid;
  engine.ledger.add({where, scope, proved.level, proved.factor, proved.credential_id, boot_now()});
}

Task<Verdict> verify_dialogue(Engine& engine, Connection& connection, session::Asker asker,
                              wire::VerifyRequest request) {
  auto finding = target_of(engine, connection, "");
  const TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  const Subject& subject = found.target->subject;
  engine.notice_suspend();
  connection.stand_on(engine.ledger.ground(subject.uid, asker.where.session));
  const bool may_reach_session = engine.rules && engine.rules->set.settings.verify_session;
  if (request.session && !may_reach_session) co_return denied(MessageId::RefusedVerifySession);
  const bool reaches_something =
      request.session ? asker.where.widest == Scope::Session : asker.where.tty != 0;
  if (!reaches_something) co_return denied(MessageId::RefusedNoTty);

  StepUpOrder order = order_of_ctl(engine, connection, asker, subject, "verify");
  if (request.session) {
    order.what = "for all of login session " + asker.login_session;
    order.prompt = {
        MessageId::PromptOtpSession, {subject.name, engine.host, asker.login_session}
    };
  }
  auto asking = step_up(engine, connection, order);
  const StepUpResult result = co_await std::move(asking);
  if (result.kind != StepUpResult::Kind::Proved) co_return result.refusal;
  add_grant(engine, asker, subject.uid, request.session ? Scope::Session : Scope::Tty, result);
  co_return done();
}

template <typename Message, typename Run>
Task<Verdict> with_decoded(Connection& connection, const wire::Packet& packet, Run run) {
  auto message = wire::decode<Message>(packet);
  if (!message) {
    audit::peer_refused(connection.peer().pid, connection.peer().uid, "control.sock",
                        message.error().what);
    co_return Verdict{VerdictCode::Denied, {}};
  }
  auto running = run(std::move(*message));
  Verdict verdict = co_await std::move(running);
  co_return verdict;
}

}  // namespace

bool sits_here(const Connection& connection, const session::Asker& asker, uid_t uid) {
  return session::offers_local_key(session::read_key_place(connection.peer().pid, asker, uid, ""));
}

Task<TargetOrRefusal> target_of(Engine& engine, Connection& connection, std::string user) {
  const uid_t uid = connection.peer().uid;
  auto looking = engine.on_worker<Target>(uid, [uid, user]() -> Result<Target> {
    const auto caller = account_of(uid);
    if (!caller) return std::unexpected(caller.error());
    // Nobody but root makes us look up somebody else's name: a slow name service would hold up
    // everybody.
    if (uid != 0 && !user.empty() && user != caller->name) {
      return failure(Errc::Untrusted, "another user's credentials");
    }
    const auto subject = user.empty() ? caller : account_of(user);
    if (!subject) return std::unexpected(subject.error());
    return Target{*subject, caller->name, uid == 0};
  });
  const Result<Target> target = co_await looking;
  TargetOrRefusal answer;
  if (!target && target.error().code == Errc::NotFound) {
    answer.refusal =
        denied(MessageId::RefusedUnknownUser, {user.empty() ? "uid " + std::to_string(uid) : user});
  } else if (!target && target.error().code != Errc::Untrusted) {
    answer.refusal = unavailable(engine, target.error());
  } else if (!target || (!target->by_root && target->subject.uid != uid)) {
    audit::peer_refused(connection.peer().pid, uid, "control.sock", "another user's credentials");
    answer.refusal = denied(MessageId::RefusedOtherUser);
  } else {
    answer.target = *target;
  }
  co_return answer;
}

Task<std::optional<Verdict>> authorise_change(Engine& engine, Connection& connection,
                                              session::Asker asker, Target target,
                                              std::string verb) {
  if (target.by_root) co_return std::nullopt;
  auto looking = standing_now(engine, target.subject, Origin::Self);
  const Result<Standing> standing = co_await looking;
  if (!standing) co_return unavailable(engine, standing.error());
  auto authorising = authorise_change(engine, connection, std::move(asker), std::move(target),
                                      *standing, std::move(verb));
  auto refusal = co_await std::move(authorising);
  co_return refusal;
}

Task<std::optional<Verdict>> authorise_change(Engine& engine, Connection& connection,
                                              session::Asker asker, Target target,
                                              Standing standing, std::string verb) {
  if (target.by_root) co_return std::nullopt;
  if (standing.highest == Level::None && !standing.owner_mismatch) {
    co_return denied(MessageId::RefusedUnenrolled, {engine.host});
  }
  engine.notice_suspend();
  Coordinates here = asker.where;
  here.subject = target.subject.uid;
  policy::Demand demand;
  demand.level = standing.highest;
  demand.max_age = kChangeMaxAge;
  const auto decided =
      policy::decide(demand, here, engine.ledger.of(target.subject.uid), boot_now());
  if (decided.decision == policy::Decision::Allow) co_return std::nullopt;

  StepUpOrder order = order_of_ctl(engine, connection, asker, target.subject, verb);
  order.level = standing.highest;
  auto asking = step_up(engine, connection, order);
  const StepUpResult result = co_await std::move(asking);
  if (result.kind != StepUpResult::Kind::Proved) co_return result.refusal;
  co_return std::nullopt;  // no grant: the code was typed for this, not for sudo
}

Verdict refusal_of(const Engine& engine, const EnrollFailure& failure, const Subject& subject,
                   const std::string& label) {
  switch (failure.refusal) {
    case EnrollRefusal::LabelTaken:
      return denied(MessageId::RefusedLabelTaken, {label, subject.name});
    case EnrollRefusal::NoSuchLabel:
      return denied(MessageId::RefusedNoSuchLabel, {label, subject.name});
    case EnrollRefusal::LabelForm: return denied(MessageId::RefusedLabelForm);
    case EnrollRefusal::TooMany: return denied(MessageId::RefusedTooMany, {subject.name});
    case EnrollRefusal::KeyTaken: return denied(MessageId::RefusedKeyTaken);
    case EnrollRefusal::SecurityKeyTaken: return denied(MessageId::RefusedKeyExcluded);
    case EnrollRefusal::Digits: return denied(MessageId::RefusedDigits);
    case EnrollRefusal::Ticket: return denied(MessageId::RefusedTicket, {subject.name});
    case EnrollRefusal::LastCredential: return denied(MessageId::RefusedLastCredential);
    case EnrollRefusal::NotEnrolled: return denied(MessageId::RefusedNotEnrolled, {subject.name});
    case EnrollRefusal::Failed: return unavailable(engine, failure.error);
  }
  return unavailable(engine, failure.error);
}

Task<Verdict> control_dialogue(Engine& engine, Connection& connection, session::Asker asker,
                               wire::Packet packet) {
  const wire::MessageType type = packet.header.type;
  if (type == wire::MessageType::StatusRequest) {
    auto telling = status_dialogue(engine, connection, std::move(asker));
    const Verdict verdict = co_await std::move(telling);
    co_return verdict;
  }
  if (!asker.in_host_namespaces) co_return denied(MessageId::RefusedNamespace, {engine.host});
  // A set-uid program must not speak for its owner here.
  if (asker.real_uid != connection.peer().uid) {
    co_return denied(MessageId::RefusedIdentity, {"stepupctl", engine.host});
  }
  Task<Verdict> carrying_out;
  switch (type) {
    case wire::MessageType::ListRequest:
      carrying_out = with_decoded<wire::ListRequest>(connection, packet, [&](auto request) {
        return list_dialogue(engine, connection, asker, std::move(request));
      });
      break;
    case wire::MessageType::RemoveRequest:
      carrying_out = with_decoded<wire::RemoveRequest>(connection, packet, [&](auto request) {
        return remove_dialogue(engine, connection, asker, std::move(request));
      });
      break;
    case wire::MessageType::TicketRequest:
      carrying_out = with_decoded<wire::TicketRequest>(connection, packet, [&](auto request) {
        return ticket_dialogue(engine, connection, request.user, false);
      });
      break;
    case wire::MessageType::ResetRequest:
      carrying_out = with_decoded<wire::ResetRequest>(connection, packet, [&](auto request) {
        return ticket_dialogue(engine, connection, request.user, true);
      });
      break;
    case wire::MessageType::VerifyRequest:
      carrying_out = with_decoded<wire::VerifyRequest>(connection, packet, [&](auto request) {
        return verify_dialogue(engine, connection, asker, request);
      });
      break;
    case wire::MessageType::GateRequest:
      carrying_out = with_decoded<wire::GateRequest>(connection, packet, [&](auto request) {
        return gate_dialogue(engine, connection, asker, std::move(request));
      });
      break;
    case wire::MessageType::EnrollRequest:
      carrying_out = with_decoded<wire::EnrollRequest>(connection, packet, [&](auto request) {
        return enroll_dialogue(engine, connection, asker, std::move(request));
      });
      break;
    case wire::MessageType::SessionsRequest:
      carrying_out = with_decoded<wire::SessionsRequest>(connection, packet, [&](auto request) {
        return sessions_dialogue(engine, connection, std::move(request));
      });
      break;
    case wire::MessageType::RevokeRequest:
      carrying_out = with_decoded<wire::RevokeRequest>(connection, packet, [&](auto request) {
        return revoke_dialogue(engine, connection, std::move(request));
      });
      break;
    case wire::MessageType::LogRequest:
      carrying_out = with_decoded<wire::LogRequest>(connection, packet, [&](auto request) {
        return log_dialogue(engine, connection, std::move(request));
      });
      break;
    case wire::MessageType::ImportRequest:
      carrying_out = with_decoded<wire::ImportRequest>(connection, packet, [&](auto request) {
        return import_dialogue(engine, connection, std::move(request));
      });
      break;
    default: co_return denied(MessageId::None);
  }
  Verdict verdict = co_await std::move(carrying_out);
  co_return verdict;
}

}  // namespace stepup::daemon
