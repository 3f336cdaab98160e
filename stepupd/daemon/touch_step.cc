// SPDX-License-Identifier: ISC
#include "stepupd/daemon/touch_step.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "stepupd/daemon/agent_step.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/fido2_ceremony.h"
#include "stepupd/daemon/fido2_verification.h"
#include "stepupd/factor/fido2_challenge.h"
#include "stepupd/factor/readable_code.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using wire::CeremonyFailure;
using wire::CeremonyStage;
using wire::MessageId;
using wire::VerdictCode;
using Kind = StepUpResult::Kind;

constexpr std::uint16_t kTouchSeconds = 60;
// The helper ends first, and says why.
constexpr BootTime kPatience = std::chrono::seconds(kTouchSeconds) + 10s;
constexpr std::size_t kCodeSize = 3;  // of the code that tells two prompts apart

wire::AssertRequest request_of(const Engine& engine, const StepUpOrder& order,
                               const Standing& standing, const factor::Sha256Digest& challenge) {
  wire::AssertRequest request;
  // Keys of another relying party (imports, clones) are asked for when there are no others.
  const std::string own = engine.rp_id();
  const bool has_own =
      std::ranges::any_of(standing.keys, [&](const KeyOffer& key) { return key.rp_id == own; });
  request.ceremony.rp_id = has_own ? own : standing.keys.front().rp_id;
  request.ceremony.client_data_hash.assign(challenge.begin(), challenge.end());
  request.ceremony.devices = engine.fido2_devices();
  request.ceremony.seconds = kTouchSeconds;
  request.ceremony.uv = order.level == Level::TouchWithUv;
  for (const KeyOffer& key : standing.keys) {
    if (key.rp_id != request.ceremony.rp_id) continue;
    request.credentials.push_back(key.credential_id);
    request.ceremony.uv = request.ceremony.uv || key.uv_required;
  }
  return request;
}

// One touch, from the request to the verdict.
class TouchStep {
 public:
  TouchStep(Engine& engine, Connection& connection, const StepUpOrder& order, Standing standing,
            bool or_code, std::string code)
      : engine_(engine),
        connection_(connection),
        order_(order),
        standing_(std::move(standing)),
        or_code_(or_code),
        code_(std::move(code)) {}

  Task<TouchOutcome> run();

 private:
  using Step = std::optional<TouchOutcome>;

  Task<Step> on_progress(wire::CeremonyProgress progress);
  Task<Step> ask_for_either();
  Task<Step> ask_for_pin(wire::PinWanted wanted);
  Task<TouchOutcome> judge(wire::Assertion assertion);
  TouchOutcome on_failure(const wire::CeremonyFailed& failed);
  TouchOutcome no_key_at_hand();
  TouchOutcome go_on_without(wire::Words why, const char* reason);
  TouchOutcome give_up(const Reply& reply);
  CodeInstead type_instead(std::optional<SecretBytes> typed);
  void note_unanswered() {
    if (shown_) engine_.touch_desk.fatigue.unanswered(order_.subject.uid, boot_now());
  }

  [[nodiscard]] wire::Words purpose(MessageId id) const {
    return {
        id, {order_.subject.name, engine_.host, order_.what, code_}
    };
  }
  [[nodiscard]] wire::Words refusal(MessageId id) const {
    return {
        id, {order_.service, engine_.host}
    };
  }

  Engine& engine_;
  Connection& connection_;
  const StepUpOrder& order_;
  Standing standing_;
  bool or_code_;                      // a one-time code is as good
  std::string code_;                  // of the prompt
  factor::Sha256Digest challenge_{};  // the client data hash
  std::string rp_id_;
  Fido2Ceremony ceremony_;
  wire::CeremonyProgress last_;
  bool chosen_ = false;  // the person goes for the key: no more word of codes
  bool shown_ = false;   // a touch was asked for
};

Task<TouchOutcome> TouchStep::run() {
  const auto challenge =
      factor::new_client_data_hash({.kind = factor::CeremonyPurpose::Kind::Assert,
                                    .host = engine_.host,
                                    .boot_id = engine_.boot_id,
                                    .session = order_.session,
                                    .subject = order_.subject,
                                    .service = order_.service,
                                    .target_user = order_.target_user,
                                    .command_digest = order_.command_digest});
  if (!challenge) co_return our_fault(engine_, challenge.error());
  challenge_ = *challenge;
  const wire::AssertRequest request = request_of(engine_, order_, standing_, challenge_);
  rp_id_ = request.ceremony.rp_id;
  const Connection::EndHook on_end(connection_, [this] { ceremony_.cancel(); });
  connection_.expect_person(kPatience);
  ceremony_.begin(engine_.loop(), engine_.helper_socket(), request);
  for (;;) {
    CeremonyEvent event = co_await ceremony_.next();
    Step step;
    if (auto* progress = std::get_if<wire::CeremonyProgress>(&event)) {
      auto showing = on_progress(std::move(*progress));
      step = co_await std::move(showing);
    } else if (const auto* wanted = std::get_if<wire::PinWanted>(&event)) {
      auto asking = ask_for_pin(*wanted);
      step = co_await std::move(asking);
    } else if (auto* assertion = std::get_if<wire::Assertion>(&event)) {
      auto judging = judge(std::move(*assertion));
      step = co_await std::move(judging);
    } else if (const auto* failed = std::get_if<wire::CeremonyFailed>(&event)) {
      step = on_failure(*failed);
    } else if (const auto* error = std::get_if<Error>(&event)) {
      audit::trouble(*error, or_code_ ? "asking for a code" : "denying");
      step = go_on_without({MessageId::RefusedHelper, {engine_.host}}, "no-helper");
    } else {
      step = go_on_without(refusal(MessageId::RefusedKeyFailed), "no-evidence");
    }
    if (step) co_return std::move(*step);
  }
}

// Shows what the ceremony waits for.
Task<TouchStep::Step> TouchStep::on_progress(wire::CeremonyProgress progress) {
  last_ = progress;
  switch (progress.stage) {
    case CeremonyStage::NoKey:
    case CeremonyStage::OtherKey:
    case CeremonyStage::Busy:
      if (or_code_ && !chosen_) co_return no_key_at_hand();
      if (progress.stage == CeremonyStage::Busy) {
        connection_.tell({MessageId::KeyBusy, {progress.detail}});
      } else {
        if (progress.stage == CeremonyStage::OtherKey) connection_.tell({MessageId::KeyOther, {}});
        connection_.tell(purpose(MessageId::PlugInKey));
      }
      break;
    case CeremonyStage::SelectKey: connection_.tell({MessageId::SelectKey, {}}); break;
    case CeremonyStage::UvRefused: connection_.tell({MessageId::FingerNotRecognised, {}}); break;
    case CeremonyStage::TouchWanted:
    case CeremonyStage::UvWanted: {
      shown_ = true;
      if (or_code_ && !chosen_) {
        auto asking = ask_for_either();
        Step step = co_await std::move(asking);
        co_return step;
      }
      const bool finger = progress.stage == CeremonyStage::UvWanted;
      connection_.tell(purpose(finger ? MessageId::TouchFinger : MessageId::TouchKey));
      break;
    }
  }
  co_return std::nullopt;
}

// One prompt for both: the conversation blocks, so the touch happens while it stands and Enter
// confirms it.
Task<TouchStep::Step> TouchStep::ask_for_either() {
  auto asking = connection_.ask(purpose(MessageId::PromptTouchOrOtp), false, Connection::kPatience,
                                Connection::Enter::Answers);
  Reply reply = co_await asking;
  if (reply.kind != Reply::Kind::Answered) co_return give_up(reply);
  if (reply.answer.size() > 0) co_return type_instead(std::move(reply.answer));
  chosen_ = true;
  if (!ceremony_.has_event()) connection_.tell({MessageId::TouchNow, {}});
  connection_.expect_person(kPatience);
  co_return std::nullopt;
}

Task<TouchStep::Step> TouchStep::ask_for_pin(wire::PinWanted wanted) {
  if (wanted.was_wrong) connection_.tell({MessageId::WrongPin, {}});
  const bool or_code = or_code_ && !chosen_;
  const wire::Words words{or_code ? MessageId::PromptPinOrOtp : MessageId::PromptPin,
                          {std::to_string(wanted.retries_left)}};
  auto asking = connection_.ask(words, false, Connection::kPatience,
                                or_code ? Connection::Enter::Answers : Connection::Enter::Cancels);
  const Reply reply = co_await asking;
  if (reply.kind != Reply::Kind::Answered) co_return give_up(reply);
  if (reply.answer.size() == 0) co_return type_instead(std::nullopt);
  chosen_ = true;
  connection_.expect_person(kPatience);
  ceremony_.answer_pin(reply.answer);
  co_return std::nullopt;
}

Task<TouchOutcome> TouchStep::judge(wire::Assertion assertion) {
  // Somebody touched, whatever it proves.
  engine_.touch_desk.fatigue.answered(order_.subject.uid);
  auto evidence = std::make_shared<const TouchEvidence>(TouchEvidence{
      rp_id_, challenge_, std::move(assertion.credential_id), std::move(assertion.auth_data),
      std::move(assertion.signature), order_.level == Level::TouchWithUv});
  auto judging = engine_.with_store<TouchJudgement>(
      order_.subject.uid,
      [subject = order_.subject, evidence, now = engine_.now(), declared = engine_.declared()](
          store::Store& store) { return verify_touch(store, subject, *evidence, now, declared); });
  const Result<TouchJudgement> judged = co_await judging;
  if (!judged) co_return our_fault(engine_, judged.error());
  audit::factor_judged(order_.subject, stepup::to_string(FactorKind::Fido2),
                       to_string(judged->outcome), judged->label);
  if (judged->outcome == factor::CeremonyOutcome::Good) {
    auto ending = proved(engine_, connection_, order_.subject, standing_,
                         {FactorKind::Fido2, judged->level, judged->credential_id, judged->label});
    StepUpResult result = co_await std::move(ending);
    co_return std::move(result);
  }
  if (judged->outcome == factor::CeremonyOutcome::CounterWentBack) {
    co_return refused(Kind::Refused, VerdictCode::Denied, {MessageId::RefusedClone, {engine_.host}},
                      "possible-clone");
  }
  co_return refused(Kind::Refused, VerdictCode::Denied, refusal(MessageId::RefusedKeyFailed),
                    "no-evidence");
}

// A missing or busy key offers the next factor at once.
TouchOutcome TouchStep::no_key_at_hand() {
  ceremony_.cancel();
  switch (last_.stage) {
    case CeremonyStage::Busy: connection_.tell({MessageId::KeyBusy, {last_.detail}}); break;
    case CeremonyStage::OtherKey: connection_.tell({MessageId::KeyOther, {}}); break;
    default: connection_.tell({MessageId::KeyAbsent, {}}); break;
  }
  return CodeInstead{};
}

TouchOutcome TouchStep::on_failure(const wire::CeremonyFailed& failed) {
  switch (failed.cause) {
    case CeremonyFailure::TimedOut:
      note_unanswered();
      switch (last_.stage) {
        case CeremonyStage::NoKey: return go_on_without(refusal(MessageId::RefusedNoKey), "no-key");
        case CeremonyStage::OtherKey:
          return go_on_without(refusal(MessageId::RefusedOtherKey), "other-key");
        case CeremonyStage::Busy: {
          wire::Words words = refusal(MessageId::RefusedKeyBusy);
          words.args.push_back(last_.detail);
          return go_on_without(std::move(words), "key-busy");
        }
        default:
          return refused(Kind::Refused, VerdictCode::Denied, refusal(MessageId::RefusedNoTouch),
                         "timed-out");
      }
    case CeremonyFailure::Cancelled: {
      // Only we cancel, because nobody waits for the answer any more.
      note_unanswered();
      return not_answered(Reply::Kind::Interrupted, order_, engine_.host);
    }
    case CeremonyFailure::Unplugged:
      return go_on_without(refusal(MessageId::RefusedKeyUnplugged), "unplugged");
    case CeremonyFailure::PinBlocked:
      return go_on_without({MessageId::RefusedPinBlocked, {}}, "pin-blocked");
    case CeremonyFailure::PinSoftBlocked:
      return go_on_without({MessageId::RefusedPinSoftBlocked, {}}, "pin-blocked");
    case CeremonyFailure::PinNearlyBlocked:
      return go_on_without({MessageId::RefusedPinNearlyBlocked, {}}, "pin-nearly-blocked");
    case CeremonyFailure::PinNotSet:
      return go_on_without({MessageId::RefusedPinNotSet, {}}, "pin-not-set");
    case CeremonyFailure::UvBlocked:
      return go_on_without({MessageId::RefusedUvBlocked, {}}, "uv-blocked");
    case CeremonyFailure::Unsupported:
      return go_on_without({MessageId::RefusedKeyUnsupported, {failed.detail}}, "unsupported");
    case CeremonyFailure::Excluded:
    case CeremonyFailure::Device: break;
  }
  audit::key_failed(order_.subject, failed.detail);
  return go_on_without(refusal(MessageId::RefusedKeyFailed), "key-failed");
}

TouchOutcome TouchStep::go_on_without(wire::Words why, const char* reason) {
  if (!or_code_) return refused(Kind::Refused, VerdictCode::Denied, std::move(why), reason);
  connection_.tell(std::move(why));
  return CodeInstead{};
}

TouchOutcome TouchStep::give_up(const Reply& reply) {
  ceremony_.cancel();
  note_unanswered();
  return not_answered(reply.kind, order_, engine_.host);
}

// At once, not when the code is judged: many requests could wait there.
CodeInstead TouchStep::type_instead(std::optional<SecretBytes> typed) {
  ceremony_.cancel();
  note_unanswered();
  return {std::move(typed), shown_};
}

}  // namespace

Task<TouchOutcome> prove_by_touch(Engine& engine, Connection& connection, StepUpOrder order,
                                  Standing standing, TouchWay way, bool or_code) {
  const uid_t uid = order.subject.uid;
  const auto code = factor::random_readable(kCodeSize);
  if (!code) co_return our_fault(engine, code.error());
  const std::string tag(code->text());
  TouchDesk& desk = engine.touch_desk;
  if (const TouchPurpose* other = desk.outstanding(uid)) {
    connection.tell({
        MessageId::TouchQueued, {other->what, other->code}
    });
    if (or_code) co_return CodeInstead{};
  } else if (way == TouchWay::PluggedIn && desk.is_full()) {
    if (or_code) co_return CodeInstead{};
    co_return refused(Kind::Unable, VerdictCode::LockedOut, {MessageId::RefusedBusy, {engine.host}},
                      "too-many-touches");
  }
  TouchDesk::Turn turn(desk, uid, {order.what, tag, way == TouchWay::PluggedIn});
  {
    const Connection::EndHook on_end(connection, [&turn] { turn.abandon(); });
    connection.expect_person(kPatience);
    if (!co_await turn) co_return not_answered(Reply::Kind::Interrupted, order, engine.host);
  }
  if (way == TouchWay::Agent) {
    auto asking = prove_by_agent(engine, connection, order, std::move(standing), or_code, tag);
    TouchOutcome outcome = co_await std::move(asking);
    co_return outcome;
  }
  TouchStep step(engine, connection, order, std::move(standing), or_code, tag);
  auto running = step.run();
  TouchOutcome outcome = co_await std::move(running);
  co_return outcome;
}

}  // namespace stepup::daemon
