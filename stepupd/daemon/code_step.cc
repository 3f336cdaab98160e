// SPDX-License-Identifier: ISC
#include "stepupd/daemon/code_step.h"

#include <memory>
#include <utility>

#include "stepupd/base/local_time.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/otp_verification.h"

namespace stepup::daemon {
namespace {

using wire::MessageId;
using wire::VerdictCode;
using Kind = StepUpResult::Kind;

constexpr int kAttempts = 3;
constexpr int kFewRecoveryCodes = 3;

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

MessageId already_used(FactorKind factor) {
  switch (factor) {
    case FactorKind::Hotp:
    case FactorKind::YubicoOtp: return MessageId::PressedCodeUsed;
    case FactorKind::RecoveryCode: return MessageId::RecoveryCodeSpent;
    case FactorKind::Totp:
    case FactorKind::Fido2:
    case FactorKind::SshSk: break;
  }
  return MessageId::CodeAlreadyUsed;
}

// What is said after a wrong answer, before the next prompt.
MessageId correction(AnswerOutcome outcome, FactorKind factor, bool has_recovery_code) {
  if (outcome == AnswerOutcome::Replayed) return already_used(factor);
  if (outcome == AnswerOutcome::NextWanted) return MessageId::NextCodeToo;
  if (outcome == AnswerOutcome::NotACode) return MessageId::NotACode;
  if (outcome == AnswerOutcome::OtherLayout) return MessageId::OtherKeyboardLayout;
  return has_recovery_code ? MessageId::WrongCodeLostDevice : MessageId::WrongCode;
}

StepUpResult locked_out(BootTime left) {
  return refused(Kind::Unable, VerdictCode::LockedOut,
                 {MessageId::RefusedLockedOut, {seconds_left(left)}}, "locked-out");
}

}  // namespace

Task<StepUpResult> prove_by_code(Engine& engine, Connection& connection, StepUpOrder order,
                                 Standing standing, std::optional<SecretBytes> first) {
  const uid_t uid = order.subject.uid;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    // Shared, because a job owns what it captures and must be movable into the queue.
    auto answer = std::make_shared<SecretBytes>();
    if (first) {
      *answer = std::move(*first);
      first.reset();
    } else {
      auto asking = connection.ask(order.prompt, false);
      Reply reply = co_await asking;
      if (reply.kind != Reply::Kind::Answered) {
        co_return not_answered(reply.kind, order, engine.host);
      }
      *answer = std::move(reply.answer);
    }
    auto judging = engine.with_store<AnswerResult>(
        uid, [subject = order.subject, origin = order.origin, factors = order.factors, answer,
              now = engine.now(), limits = engine.limits()](store::Store& store) {
          return verify_answer(store, subject, origin, *answer, now, limits, factors);
        });
    const Result<AnswerResult> judged = co_await judging;
    if (!judged) co_return our_fault(engine, judged.error());
    audit::factor_judged(order.subject, stepup::to_string(judged->factor),
                         to_string(judged->outcome), judged->label);

    switch (judged->outcome) {
      case AnswerOutcome::Accepted: {
        if (judged->factor == FactorKind::RecoveryCode &&
            judged->recovery_codes_left <= kFewRecoveryCodes) {
          connection.tell({MessageId::FewRecoveryCodes, {"stepupctl enroll recovery-codes"}});
        }
        auto ending = proved(
            engine, connection, order.subject, std::move(standing),
            {judged->factor, level_of(judged->factor), judged->credential_id, judged->label});
        StepUpResult result = co_await std::move(ending);
        co_return result;
      }
      case AnswerOutcome::LockedOut: co_return locked_out(judged->locked_for);
      case AnswerOutcome::ClockImplausible:
        co_return refused(Kind::Unable, VerdictCode::Denied,
                          {
                              MessageId::RefusedClockImplausible,
                              {engine.host, utc_time(engine.now().unix_seconds)}
        },
                          "clock-implausible");
      case AnswerOutcome::Wrong:
      case AnswerOutcome::Replayed:
      case AnswerOutcome::NextWanted:
      case AnswerOutcome::NotACode:
      case AnswerOutcome::OtherLayout: break;
    }
    connection.tell({correction(judged->outcome, judged->factor, standing.has_recovery_code), {}});
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
