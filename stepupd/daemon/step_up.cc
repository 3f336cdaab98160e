// SPDX-License-Identifier: ISC
#include "stepupd/daemon/step_up.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "stepupd/daemon/audit.h"

namespace stepup::daemon {
namespace {

using wire::MessageId;
using wire::VerdictCode;
using Kind = StepUpResult::Kind;

constexpr int kAttempts = 3;
constexpr int kFewRecoveryCodes = 3;

StepUpResult refused(Kind kind, VerdictCode code, wire::Words words, const char* reason) {
  StepUpResult result;
  result.kind = kind;
  result.refusal = {code, std::move(words)};
  result.reason = reason;
  return result;
}

StepUpResult locked_out(BootTime left) {
  return refused(Kind::Unable, VerdictCode::LockedOut,
                 {MessageId::RefusedLockedOut, {spoken_duration(left)}}, "locked-out");
}

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

// What a person who did not answer a prompt is told.
StepUpResult not_answered(Reply::Kind kind, const StepUpOrder& order, const std::string& host) {
  const auto words = [&](MessageId id) {
    return wire::Words{
        id, {order.service, host}
    };
  };
  switch (kind) {
    case Reply::Kind::NoConversation:
      return refused(Kind::Unable, VerdictCode::Denied, words(MessageId::RefusedNoConversation),
                     "no-conversation");
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

// The notices that whoever proved with `judged` may make go away.  Of several authenticators a new
// one cannot hide that it was added: its notice stays until another one is used.
std::vector<store::ChangeNotice> dismissible(const Standing& standing, const AnswerResult& judged) {
  using Change = store::ChangeNotice::Kind;
  std::vector<store::ChangeNotice> notices = standing.notices;
  std::erase_if(notices, [&](const store::ChangeNotice& notice) {
    const bool by_recovery_code = judged.factor == FactorKind::RecoveryCode;
    const bool by_itself = notice.label == judged.label && standing.authenticators > 1;
    return (notice.kind == Change::Added && by_itself) ||
           (notice.kind == Change::RecoveryReplaced && by_recovery_code);
  });
  return notices;
}

const char* to_string(AnswerOutcome outcome) {
  switch (outcome) {
    case AnswerOutcome::Accepted: return "accepted";
    case AnswerOutcome::Wrong: return "wrong";
    case AnswerOutcome::Replayed: return "replayed";
    case AnswerOutcome::NextWanted: return "next-wanted";
    case AnswerOutcome::NotACode: return "not-a-code";
    case AnswerOutcome::OtherLayout: return "other-layout";
    case AnswerOutcome::LockedOut: return "locked-out";
    case AnswerOutcome::ClockImplausible: return "clock-implausible";
  }
  return "?";
}

// What is said after a wrong answer, before the next prompt.
MessageId correction(AnswerOutcome outcome, bool has_recovery_code) {
  if (outcome == AnswerOutcome::Replayed) return MessageId::CodeAlreadyUsed;
  if (outcome == AnswerOutcome::NextWanted) return MessageId::NextCodeToo;
  if (outcome == AnswerOutcome::NotACode) return MessageId::NotACode;
  if (outcome == AnswerOutcome::OtherLayout) return MessageId::OtherKeyboardLayout;
  return has_recovery_code ? MessageId::WrongCodeLostDevice : MessageId::WrongCode;
}

}  // namespace

std::string spoken_duration(BootTime duration) {
  const auto seconds =
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count());
  std::string text;
  if (seconds >= 60) text = std::to_string(seconds / 60) + " min";
  if (seconds % 60 != 0) {
    if (!text.empty()) text.push_back(' ');
    text += std::to_string(seconds % 60) + " s";
  }
  return text;
}

std::string date_of(std::int64_t unix_seconds) {
  const time_t when = unix_seconds;
  tm broken{};
  char text[32] = "?";
  if (gmtime_r(&when, &broken) != nullptr) (void)strftime(text, sizeof text, "%Y-%m-%d", &broken);
  return text;
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

Task<StepUpResult> step_up(Engine& engine, Connection& connection, StepUpOrder order) {
  const auto our_fault = [&engine](const Error& error) {
    StepUpResult result;
    result.refusal = unavailable(engine, error);
    result.reason = "unavailable";
    return result;
  };
  const uid_t uid = order.subject.uid;
  auto looking = engine.with_store<Standing>(
      uid, [subject = order.subject, origin = order.origin, now = engine.now(),
            limits = engine.limits()](store::Store& store) {
        return standing_of(store, subject, origin, now, limits);
      });
  const Result<Standing> standing = co_await looking;
  if (!standing) co_return our_fault(standing.error());
  if (standing->owner_mismatch) {
    co_return refused(Kind::Unable, VerdictCode::Denied,
                      {
                          MessageId::RefusedOwnerMismatch,
                          {std::to_string(uid), standing->recorded_name, order.subject.name}
    },
                      "owner-mismatch");
  }
  if (standing->highest < order.level) {
    const bool none = standing->highest == Level::None && order.level == Level::Otp;
    wire::Words words{MessageId::RefusedUnenrolled, {engine.host}};
    if (!none) {
      words = {
          MessageId::RefusedLevel, {order.service, engine.host, stepup::to_string(order.level)}
      };
    }
    co_return refused(Kind::Unenrolled, VerdictCode::Denied, std::move(words), "unenrolled");
  }
  if (standing->locked_for > BootTime::zero()) co_return locked_out(standing->locked_for);

  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto asking = connection.ask(order.prompt, false);
    Reply reply = co_await asking;
    if (reply.kind != Reply::Kind::Answered) {
      co_return not_answered(reply.kind, order, engine.host);
    }
    // Shared, because a job owns what it captures and must be movable into the queue.
    auto answer = std::make_shared<SecretBytes>(std::move(reply.answer));
    auto judging = engine.with_store<AnswerResult>(
        uid, [subject = order.subject, origin = order.origin, answer, now = engine.now(),
              limits = engine.limits()](store::Store& store) {
          return verify_answer(store, subject, origin, *answer, now, limits);
        });
    const Result<AnswerResult> judged = co_await judging;
    if (!judged) co_return our_fault(judged.error());
    audit::factor_judged(order.subject, stepup::to_string(judged->factor),
                         to_string(judged->outcome), judged->label);

    switch (judged->outcome) {
      case AnswerOutcome::Accepted: {
        for (const store::ChangeNotice& notice : standing->notices) {
          connection.tell(words_for(notice));
        }
        if (judged->factor == FactorKind::RecoveryCode &&
            judged->recovery_codes_left <= kFewRecoveryCodes) {
          connection.tell({MessageId::FewRecoveryCodes, {"stepupctl enroll recovery-codes"}});
        }
        if (auto seen = dismissible(*standing, *judged); !seen.empty()) {
          auto dismissing = engine.with_store<bool>(
              uid, [seen = std::move(seen)](store::Store& store) -> Result<bool> {
                const auto dismissed = store.dismiss_notices(seen);
                if (!dismissed) return std::unexpected(dismissed.error());
                return true;
              });
          const Result<bool> dismissed = co_await dismissing;
          if (!dismissed) audit::trouble(dismissed.error(), "a notice will be shown again");
        }
        StepUpResult result;
        result.kind = Kind::Proved;
        result.factor = judged->factor;
        result.credential_id = judged->credential_id;
        result.reason = "proved";
        co_return result;
      }
      case AnswerOutcome::LockedOut: co_return locked_out(judged->locked_for);
      case AnswerOutcome::ClockImplausible:
        co_return refused(Kind::Unable, VerdictCode::Denied,
                          {
                              MessageId::RefusedClockImplausible,
                              {engine.host, date_of(engine.now().unix_seconds)}
        },
                          "clock-implausible");
      case AnswerOutcome::Wrong:
      case AnswerOutcome::Replayed:
      case AnswerOutcome::NextWanted:
      case AnswerOutcome::NotACode:
      case AnswerOutcome::OtherLayout: break;
    }
    connection.tell({correction(judged->outcome, standing->has_recovery_code), {}});
    if (judged->locked_for > BootTime::zero()) co_return locked_out(judged->locked_for);
  }
  const MessageId why = order.clock == wire::ClockState::Unsynchronised
                            ? MessageId::RefusedWrongClock
                            : MessageId::RefusedWrongCode;
  co_return refused(Kind::Refused, VerdictCode::Denied,
                    {
                        why, {order.service, engine.host}
  },
                    "wrong-code");
}

}  // namespace stepup::daemon
