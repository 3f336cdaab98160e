// SPDX-License-Identifier: ISC
#include "stepupd/daemon/step_up.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/code_step.h"
#include "stepupd/daemon/touch_step.h"

namespace stepup::daemon {
namespace {

using wire::MessageId;
using wire::VerdictCode;
using Kind = StepUpResult::Kind;

wire::Words words_for(const store::ChangeNotice& notice) {
  using Change = store::ChangeNotice::Kind;
  const std::string date = date_of(notice.at);
  switch (notice.kind) {
    case Change::Added:
      return {
          MessageId::CredentialAdded, {to_string(notice.factor), notice.label, notice.actor, date}
      };
    case Change::Removed:
      return {
          MessageId::CredentialRemoved,
          {to_string(notice.factor), notice.label, notice.actor, date}
      };
    case Change::RecoveryReplaced:
      return {
          MessageId::RecoveryCodesReplaced, {notice.actor, date}
      };
    case Change::RecoveryUsed: return {MessageId::RecoveryCodeUsed, {date}};
  }
  return {};
}

// The notices that whoever proved with `what` may make go away.  Of several authenticators a new
// one cannot hide that it was added: its notice stays until another one is used.
std::vector<store::ChangeNotice> dismissible(const Standing& standing, const Proved& what) {
  using Change = store::ChangeNotice::Kind;
  std::vector<store::ChangeNotice> notices = standing.notices;
  std::erase_if(notices, [&](const store::ChangeNotice& notice) {
    const bool by_recovery_code = what.factor == FactorKind::RecoveryCode;
    const bool by_itself = notice.label == what.label && standing.authenticators > 1;
    return (notice.kind == Change::Added && by_itself) ||
           (notice.kind == Change::RecoveryReplaced && by_recovery_code);
  });
  return notices;
}

StepUpResult locked_out(MessageId id, BootTime left) {
  return refused(Kind::Unable, VerdictCode::LockedOut, {id, {seconds_left(left)}}, "locked-out");
}

// For the journal, and for status.
void note_declared_problem(Engine& engine, uid_t uid, const std::string& problem) {
  constexpr std::size_t kMaxNoted = 64;
  engine.declared_problems.erase(uid);
  if (problem.empty()) return;
  audit::rules_bad(problem, "the security keys that it declares do not count");
  if (engine.declared_problems.size() < kMaxNoted) engine.declared_problems[uid] = problem;
}

// What nobody could prove here, or nobody can who has enrolled no more than this.
std::optional<StepUpResult> obstacle(const Engine& engine, const StepUpOrder& order,
                                     const Standing& standing) {
  if (standing.owner_mismatch) {
    return refused(
        Kind::Unable, VerdictCode::Denied,
        {
            MessageId::RefusedOwnerMismatch,
            {std::to_string(order.subject.uid), standing.recorded_name, order.subject.name}
    },
        "owner-mismatch");
  }
  if (standing.usable >= order.level) return std::nullopt;
  // This is nobody without a factor, whom the rules may let pass for a while.
  if (!standing.declared_problem.empty()) {
    return refused(Kind::Unable, VerdictCode::Unavailable,
                   {MessageId::RefusedDeclared, {engine.host}}, "declared-keys");
  }
  const bool none = standing.highest == Level::None && order.level == Level::Otp;
  wire::Words words{MessageId::RefusedUnenrolled, {engine.host}};
  if (standing.highest >= order.level) {
    words = {
        MessageId::RefusedFactorKind, {order.service, engine.host, to_string(order.factors)}
    };
  } else if (!none) {
    words = {
        MessageId::RefusedLevel, {order.service, engine.host, stepup::to_string(order.level)}
    };
  }
  return refused(Kind::Unenrolled, VerdictCode::Denied, std::move(words), "unenrolled");
}

}  // namespace

StepUpResult refused(Kind kind, VerdictCode code, wire::Words words, const char* reason) {
  StepUpResult result;
  result.kind = kind;
  result.refusal = {code, std::move(words)};
  result.reason = reason;
  return result;
}

StepUpResult not_answered(Reply::Kind kind, const StepUpOrder& order, const std::string& host) {
  const auto words = [&](MessageId id) {
    return wire::Words{
        id, {order.service, host}
    };
  };
  switch (kind) {
    case Reply::Kind::NoConversation:
      return refused(Kind::Unable, VerdictCode::Denied, words(order.unaskable), "no-conversation");
    case Reply::Kind::TimedOut:
      return refused(Kind::Refused, VerdictCode::Denied, words(MessageId::RefusedTimedOut),
                     "timed-out");
    case Reply::Kind::Interrupted:
      return refused(Kind::Refused, VerdictCode::Denied, words(MessageId::RefusedCancelled),
                     "interrupted");
    case Reply::Kind::Empty:
      return refused(Kind::Refused, VerdictCode::Denied, words(MessageId::RefusedCancelled),
                     "empty-answer");
    case Reply::Kind::Answered:
    case Reply::Kind::Unusable: break;
  }
  return refused(Kind::Refused, VerdictCode::Denied, words(MessageId::RefusedWrongCode),
                 "unusable-answer");
}

std::string seconds_left(BootTime duration) {
  return std::to_string(
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count()));
}

std::string date_of(std::int64_t unix_seconds) {
  const time_t when = unix_seconds;
  tm broken{};
  char text[32] = "?";
  if (gmtime_r(&when, &broken) != nullptr) (void)strftime(text, sizeof text, "%Y-%m-%d", &broken);
  return text;
}

StepUpResult our_fault(const Engine& engine, const Error& error) {
  StepUpResult result;
  result.refusal = unavailable(engine, error);
  result.reason = "unavailable";
  return result;
}

wire::Verdict unavailable(const Engine& engine, const Error& error) {
  audit::trouble(error, "denying");
  MessageId id = MessageId::RefusedStorage;
  // A full queue is the requester's own doing, and must not pass for an outage.
  if (error.code == Errc::Busy) {
    return {
        VerdictCode::LockedOut, {MessageId::RefusedBusy, {engine.host}}
    };
  }
  if (error.code == Errc::Untrusted) {
    return {
        VerdictCode::Unavailable, {MessageId::RefusedSealKey, {error.what}}
    };
  }
  return {
      VerdictCode::Unavailable, {id, {engine.host}}
  };
}

Task<StepUpResult> proved(Engine& engine, Connection& connection, Subject subject,
                          Standing standing, Proved what) {
  for (const store::ChangeNotice& notice : standing.notices) connection.tell(words_for(notice));
  if (auto seen = dismissible(standing, what); !seen.empty()) {
    auto dismissing = engine.with_store<bool>(
        subject.uid, [seen = std::move(seen)](store::Store& store) -> Result<bool> {
          const auto dismissed = store.dismiss_notices(seen);
          if (!dismissed) return std::unexpected(dismissed.error());
          return true;
        });
    const Result<bool> dismissed = co_await dismissing;
    if (!dismissed) audit::trouble(dismissed.error(), "a notice will be shown again");
  }
  StepUpResult result;
  result.kind = Kind::Proved;
  result.factor = what.factor;
  result.level = what.level;
  result.credential_id = what.credential_id;
  result.reason = "proved";
  co_return result;
}

namespace {

Task<StepUpResult> prove(Engine& engine, Connection& connection, StepUpOrder order) {
  const uid_t uid = order.subject.uid;
  auto looking = standing_now(engine, order.subject, order.origin, order.factors);
  const Result<Standing> found = co_await looking;
  if (!found) co_return our_fault(engine, found.error());
  Standing standing = *found;
  note_declared_problem(engine, uid, standing.declared_problem);
  if (auto refusal = obstacle(engine, order, standing)) co_return std::move(*refusal);

  std::erase_if(standing.keys, [&](const KeyOffer& key) { return key.level < order.level; });
  std::erase_if(standing.ssh_keys, [&](const SshKeyOffer& key) { return key.level < order.level; });
  const BootTime paused = engine.touch_desk.fatigue.paused_for(uid, boot_now());
  const bool code_is_enough = order.level <= Level::Otp && standing.has_code;
  const bool plugged_in = order.local_key && !standing.keys.empty();
  const bool may_touch = plugged_in || (order.has_agent && !standing.ssh_keys.empty());
  CodeInstead instead;
  if (may_touch && paused == BootTime::zero()) {
    const bool or_code = code_is_enough && standing.locked_for == BootTime::zero();
    const TouchWay way = plugged_in ? TouchWay::PluggedIn : TouchWay::Agent;
    auto touching = prove_by_touch(engine, connection, order, standing, way, or_code);
    TouchOutcome outcome = co_await std::move(touching);
    if (auto* result = std::get_if<StepUpResult>(&outcome)) co_return std::move(*result);
    instead = std::move(std::get<CodeInstead>(outcome));
  } else if (!code_is_enough) {
    // A level of touch is never met by a code.
    if (may_touch) {
      co_return locked_out(MessageId::RefusedTouchCooldown, paused);
    }
    const bool sudo_first = order.service == "stepupctl" && !standing.ssh_keys.empty();
    co_return refused(
        Kind::Unable, VerdictCode::Denied,
        {
            sudo_first ? MessageId::RefusedAgentElsewhere : MessageId::RefusedRemoteTouch,
            {order.service, engine.host}
    },
        "no-local-key");
  } else if (may_touch) {
    connection.tell({MessageId::TouchCooldown, {seconds_left(paused)}});
  }
  if (standing.locked_for > BootTime::zero()) {
    co_return locked_out(MessageId::RefusedLockedOut, standing.locked_for);
  }
  auto asking = prove_by_code(engine, connection, std::move(order), std::move(standing),
                              std::move(instead.typed));
  StepUpResult result = co_await std::move(asking);
  // Who made the key blink was the person after all.
  if (instead.touch_left && result.kind == Kind::Proved) engine.touch_desk.fatigue.answered(uid);
  co_return result;
}

}  // namespace

Task<StepUpResult> step_up(Engine& engine, Connection& connection, StepUpOrder order) {
  const wire::Words revoked{
      MessageId::RefusedRevoked, {order.service, engine.host}
  };
  auto proving = prove(engine, connection, std::move(order));
  StepUpResult result = co_await std::move(proving);
  // Also of what was proved: no grant may be made of what was revoked while it was judged.
  if (!connection.ground().holds()) {
    co_return refused(Kind::Refused, VerdictCode::Denied, revoked, "revoked");
  }
  co_return result;
}

}  // namespace stepup::daemon
