// SPDX-License-Identifier: ISC
#include "stepupd/daemon/agent_step.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "stepupd/daemon/agent_link.h"
#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/ssh_sk_verification.h"
#include "stepupd/factor/fido2_challenge.h"
#include "stepupd/factor/ssh_agent.h"
#include "stepupd/factor/ssh_sk.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using wire::MessageId;
using wire::VerdictCode;
using Kind = StepUpResult::Kind;

constexpr BootTime kForList = 10s;
constexpr BootTime kForTouch = 60s;
constexpr BootTime kPatience = kForList + kForTouch + 10s;
// Nobody touches, or lets a touch pass by, as fast as this; besides what the way there takes.
constexpr BootTime kAtOnce = 300ms;
// A key that is not plugged in is found missing by then, and another one may be.
constexpr BootTime kTryAnother = 5s;

// Why nothing came of it: as a notice where a code is asked for next, or as a refusal.
struct Failure {
  MessageId notice;
  MessageId refusal;
  const char* reason;  // for the journal
};
constexpr Failure kNoAgent{MessageId::AgentAbsent, MessageId::RefusedNoAgent, "no-agent"};
constexpr Failure kOtherKeys{MessageId::AgentOtherKeys, MessageId::RefusedAgentOtherKeys,
                             "other-keys"};
constexpr Failure kRefused{MessageId::AgentRefused, MessageId::RefusedAgent, "agent-refused"};
constexpr Failure kBroken{MessageId::AgentBroken, MessageId::RefusedAgentBroken, "agent-broken"};
constexpr Failure kNotTouched{MessageId::AgentNotTouched, MessageId::RefusedNoTouch, "timed-out"};

class AgentStep {
 public:
  AgentStep(Engine& engine, Connection& connection, const StepUpOrder& order, Standing standing,
            bool or_code, std::string code)
      : engine_(engine),
        connection_(connection),
        order_(order),
        standing_(std::move(standing)),
        or_code_(or_code),
        code_(std::move(code)) {}

  Task<TouchOutcome> run();

 private:
  Task<TouchOutcome> ask_keys(std::vector<std::size_t> held, BootTime way);
  Task<TouchOutcome> judge(std::size_t key, std::vector<std::uint8_t> signature);
  TouchOutcome on_failure(const Failure& failure);
  TouchOutcome on_no_answer(AgentReply::Kind kind);
  TouchOutcome on_refusal(BootTime took, BootTime way);
  void not_touched() { engine_.touch_desk.fatigue.unanswered(order_.subject.uid, boot_now()); }

  Engine& engine_;
  Connection& connection_;
  const StepUpOrder& order_;
  Standing standing_;
  bool or_code_;
  std::string code_;
  bool shown_ = false;                // a touch was asked for
  factor::Sha256Digest challenge_{};  // what is signed stands for this request alone
  AgentLink link_;
};

Task<TouchOutcome> AgentStep::run() {
  auto fetching = connection_.ask_for_agent();
  Reply handed = co_await fetching;
  if (handed.kind == Reply::Kind::Interrupted) {
    co_return not_answered(Reply::Kind::Interrupted, order_, engine_.host);
  }
  if (!handed.agent) co_return on_failure(kNoAgent);
  auto usable = check_agent(handed.agent.get(), order_.subject.uid);
  if (usable) usable = link_.start(engine_.loop(), std::move(handed.agent));
  if (!usable) {
    audit::trouble(usable.error(), "asking no agent");
    co_return on_failure(kNoAgent);
  }
  const Connection::EndHook on_end(connection_, [this] { link_.cancel(); });
  connection_.expect_person(kPatience);
  auto listing = link_.ask(factor::agent_identities_request(), kForList);
  const AgentReply listed = co_await listing;
  if (listed.kind != AgentReply::Kind::Whole) co_return on_no_answer(listed.kind);
  std::vector<factor::SshSkKey> enrolled;
  enrolled.reserve(standing_.ssh_keys.size());
  for (const SshKeyOffer& offer : standing_.ssh_keys) enrolled.push_back(offer.key);
  auto identities = factor::read_agent_identities(listed.answer, enrolled);
  if (identities.answer == factor::AgentAnswer::Malformed) co_return on_failure(kBroken);
  if (identities.held.empty()) co_return on_failure(kOtherKeys);
  auto asking = ask_keys(std::move(identities.held), listed.took);
  TouchOutcome outcome = co_await std::move(asking);
  co_return outcome;
}

// Asks for a signature of each enrolled key that the agent holds until one signs.  `way` is how
// long the agent's answers take at the least.
Task<TouchOutcome> AgentStep::ask_keys(std::vector<std::size_t> held, BootTime way) {
  const auto challenge =
      factor::new_client_data_hash({.kind = factor::CeremonyPurpose::Kind::SshSign,
                                    .host = engine_.host,
                                    .boot_id = engine_.boot_id,
                                    .session = order_.session,
                                    .subject = order_.subject,
                                    .service = order_.service,
                                    .target_user = order_.target_user,
                                    .command_digest = order_.command_digest});
  if (!challenge) co_return our_fault(engine_, challenge.error());
  challenge_ = *challenge;
  const std::vector<std::uint8_t> to_sign = factor::sshsig_of(challenge_);
  shown_ = true;
  connection_.tell({
      MessageId::AgentTouch, {order_.subject.name, engine_.host, order_.what, code_}
  });
  const BootTime due = boot_now() + kForTouch;
  BootTime took{};
  for (const std::size_t key : held) {
    auto signing = link_.ask(factor::agent_sign_request(standing_.ssh_keys[key].key.blob, to_sign),
                             due - boot_now());
    const AgentReply reply = co_await signing;
    if (reply.kind != AgentReply::Kind::Whole) co_return on_no_answer(reply.kind);
    const auto signature = factor::read_agent_signature(reply.answer);
    if (signature.answer == factor::AgentAnswer::Malformed) co_return on_failure(kBroken);
    if (signature.answer == factor::AgentAnswer::Given) {
      auto judging = judge(key, {signature.signature.begin(), signature.signature.end()});
      TouchOutcome outcome = co_await std::move(judging);
      co_return outcome;
    }
    took = reply.took;
    if (took > kTryAnother) break;
  }
  co_return on_refusal(took, way);
}

Task<TouchOutcome> AgentStep::judge(std::size_t key, std::vector<std::uint8_t> signature) {
  auto evidence = std::make_shared<const SshSkEvidence>(
      SshSkEvidence{standing_.ssh_keys[key].key.blob, challenge_, std::move(signature),
                    order_.level == Level::TouchWithUv});
  auto judging = engine_.with_store<TouchJudgement>(
      order_.subject.uid,
      [subject = order_.subject, evidence, now = engine_.now()](store::Store& store) {
        return verify_ssh_touch(store, subject, *evidence, now);
      });
  const Result<TouchJudgement> judged = co_await judging;
  if (!judged) co_return our_fault(engine_, judged.error());
  audit::factor_judged(order_.subject, stepup::to_string(FactorKind::SshSk),
                       to_string(judged->outcome), judged->label);
  const auto refuse = [&](wire::Words words, const char* reason) {
    return refused(Kind::Refused, VerdictCode::Denied, std::move(words), reason);
  };
  switch (judged->outcome) {
    case factor::CeremonyOutcome::Good: {
      engine_.touch_desk.fatigue.answered(order_.subject.uid);
      auto ending =
          proved(engine_, connection_, order_.subject, standing_,
                 {FactorKind::SshSk, judged->level, judged->credential_id, judged->label});
      StepUpResult result = co_await std::move(ending);
      co_return std::move(result);
    }
    case factor::CeremonyOutcome::CounterWentBack:
      co_return refuse({MessageId::RefusedClone, {engine_.host}}, "possible-clone");
    case factor::CeremonyOutcome::NoUserVerification:
      co_return refuse(
          {
              MessageId::RefusedAgentUv, {order_.service, engine_.host}
      },
          "no-user-verification");
    default:
      co_return refuse(
          {
              MessageId::RefusedKeyFailed, {order_.service, engine_.host}
      },
          "no-evidence");
  }
}

TouchOutcome AgentStep::on_failure(const Failure& failure) {
  audit::factor_judged(order_.subject, stepup::to_string(FactorKind::SshSk), failure.reason, "");
  if (or_code_) {
    connection_.tell({failure.notice, {}});
    return CodeInstead{};
  }
  // Where nobody was asked for a touch, the same process may try again.
  return refused(shown_ ? Kind::Refused : Kind::Unable, VerdictCode::Denied,
                 {
                     failure.refusal, {order_.service, engine_.host}
  },
                 failure.reason);
}

TouchOutcome AgentStep::on_no_answer(AgentReply::Kind kind) {
  if (kind == AgentReply::Kind::Cancelled) {
    // Only we cancel, because nobody waits for the answer any more.
    if (shown_) not_touched();
    return not_answered(Reply::Kind::Interrupted, order_, engine_.host);
  }
  if (kind == AgentReply::Kind::TimedOut && shown_) {
    not_touched();
    return on_failure(kNotTouched);
  }
  return on_failure(kBroken);
}

// An agent fails in the same way when it refuses, when the key is not there, and when its time for
// a touch is up; only how long it took tells which.
TouchOutcome AgentStep::on_refusal(BootTime took, BootTime way) {
  if (took < kAtOnce + way) return on_failure(kRefused);
  not_touched();
  return on_failure(kNotTouched);
}

}  // namespace

Task<TouchOutcome> prove_by_agent(Engine& engine, Connection& connection, const StepUpOrder& order,
                                  Standing standing, bool or_code, std::string code) {
  AgentStep step(engine, connection, order, std::move(standing), or_code, std::move(code));
  auto running = step.run();
  TouchOutcome outcome = co_await std::move(running);
  co_return outcome;
}

}  // namespace stepup::daemon
