// SPDX-License-Identifier: ISC
#include "stepupd/daemon/key_enrollment.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/fido2_ceremony.h"
#include "stepupd/daemon/fido2_verification.h"
#include "stepupd/factor/fido2_attestation.h"
#include "stepupd/factor/fido2_challenge.h"
#include "stepupd/factor/random.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using wire::CeremonyFailure;
using wire::CeremonyStage;
using wire::MessageId;
using wire::Verdict;
using wire::VerdictCode;

constexpr std::uint16_t kSeconds = 60;
constexpr BootTime kPatience = std::chrono::seconds(kSeconds) + 10s;
constexpr std::size_t kUserIdBytes = 32;

Verdict denied(MessageId id, std::vector<std::string> args = {}) {
  return {
      VerdictCode::Denied, {id, std::move(args)}
  };
}

void show(Connection& connection, const wire::CeremonyProgress& progress) {
  switch (progress.stage) {
    case CeremonyStage::NoKey:
    case CeremonyStage::OtherKey: return connection.tell({MessageId::EnrollPlugIn, {}});
    case CeremonyStage::Busy: return connection.tell({MessageId::KeyBusy, {progress.detail}});
    case CeremonyStage::SelectKey:
    case CeremonyStage::TouchWanted:
    case CeremonyStage::UvWanted: return connection.tell({MessageId::EnrollTouch, {}});
    case CeremonyStage::UvRefused: return connection.tell({MessageId::FingerNotRecognised, {}});
  }
}

Verdict refusal_of(const Engine& engine, const wire::CeremonyFailed& failed) {
  switch (failed.cause) {
    case CeremonyFailure::TimedOut:
      return denied(MessageId::RefusedNoTouch, {"stepupctl enroll", engine.host});
    case CeremonyFailure::Cancelled: return denied(MessageId::RefusedEnrollCancelled);
    case CeremonyFailure::Unplugged:
      return denied(MessageId::RefusedKeyUnplugged, {"stepupctl enroll", engine.host});
    case CeremonyFailure::PinBlocked: return denied(MessageId::RefusedPinBlocked);
    case CeremonyFailure::PinSoftBlocked: return denied(MessageId::RefusedPinSoftBlocked);
    case CeremonyFailure::PinNearlyBlocked: return denied(MessageId::RefusedPinNearlyBlocked);
    case CeremonyFailure::PinNotSet: return denied(MessageId::RefusedPinNotSet);
    case CeremonyFailure::UvBlocked: return denied(MessageId::RefusedUvBlocked);
    case CeremonyFailure::Excluded: return denied(MessageId::RefusedKeyExcluded);
    case CeremonyFailure::Unsupported:
      return denied(MessageId::RefusedKeyUnsupported, {failed.detail});
    case CeremonyFailure::Device: break;
  }
  return denied(MessageId::RefusedKeyFailed, {"stepupctl enroll", engine.host});
}

factor::CoseAlgorithm algorithm_of(wire::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case wire::KeyAlgorithm::Es256: return factor::CoseAlgorithm::Es256;
    case wire::KeyAlgorithm::EdDsa: return factor::CoseAlgorithm::EdDsa;
    case wire::KeyAlgorithm::Rs256: break;
  }
  return factor::CoseAlgorithm::Rs256;
}

// Puts what the key made into `pending`, when it is what was asked for.
std::optional<Verdict> accept(const Engine& engine, const Target& target,
                              const wire::EnrollRequest& request,
                              const factor::CeremonyDemand& demand, wire::NewCredential made,
                              PendingAuthenticator& pending) {
  const auto verdict = factor::judge_new_credential(
      demand, {algorithm_of(made.algorithm), made.auth_data, made.format, made.attestation});
  if (!verdict) return unavailable(engine, verdict.error());
  audit::factor_judged(target.subject, stepup::to_string(FactorKind::Fido2),
                       to_string(verdict->outcome), pending.label);
  if (verdict->outcome != factor::CeremonyOutcome::Good) {
    return denied(MessageId::RefusedKeyFailed, {"stepupctl enroll", engine.host});
  }
  if (!engine.allows_model(verdict->aaguid)) {
    return denied(MessageId::RefusedModel, {made.model});
  }
  store::Fido2Key& key = pending.fido2.emplace();
  key.rp_id = demand.rp_id;
  key.credential = verdict->credential;
  // More than was asked for proves nothing: a higher level is a matter of a ticket.
  key.uv_required = request.uv;
  key.uv_capable = request.uv;
  key.discoverable = request.discoverable;
  key.aaguid = verdict->aaguid;
  key.attestation_kind = verdict->attestation;
  key.attestation_format = std::move(made.format);
  key.attestation = std::move(made.attestation);
  pending.proved_step = 0;
  return std::nullopt;
}

}  // namespace

Task<std::optional<Verdict>> make_key_credential(Engine& engine, Connection& connection,
                                                 Target target, wire::EnrollRequest request,
                                                 PendingAuthenticator& pending) {
  const auto hash =
      factor::new_client_data_hash({.kind = factor::CeremonyPurpose::Kind::MakeCredential,
                                    .host = engine.host,
                                    .boot_id = engine.boot_id,
                                    .session = {},
                                    .subject = target.subject,
                                    .service = "stepupctl",
                                    .target_user = target.subject.name,
                                    .command_digest = "enroll"});
  if (!hash) co_return unavailable(engine, hash.error());
  wire::MakeCredentialRequest order;
  order.user_id.resize(kUserIdBytes);
  if (const auto filled = factor::fill_random(order.user_id); !filled) {
    co_return unavailable(engine, filled.error());
  }
  const std::string rp_id = pending.rp_id.empty() ? engine.rp_id() : pending.rp_id;
  order.ceremony = {
      rp_id, {hash->begin(), hash->end()},
       request.uv, engine.fido2_devices(), kSeconds
  };
  order.user_name = target.subject.name;
  order.discoverable = request.discoverable;
  order.excluded = pending.excluded;

  // One touch of a person's at a time, here as well: it must not answer a sudo of theirs.
  TouchDesk::Turn turn(engine.touch_desk, target.subject.uid,
                       {"stepupctl: enroll", pending.label, true});
  {
    const Connection::EndHook on_end(connection, [&turn] { turn.abandon(); });
    connection.expect_person(kPatience);
    if (!co_await turn) co_return denied(MessageId::RefusedEnrollCancelled);
  }
  Fido2Ceremony ceremony;
  const Connection::EndHook on_end(connection, [&ceremony] { ceremony.cancel(); });
  connection.expect_person(kPatience);
  ceremony.begin(engine.loop(), engine.helper_socket(), order);
  for (;;) {
    CeremonyEvent event = co_await ceremony.next();
    if (const auto* progress = std::get_if<wire::CeremonyProgress>(&event)) {
      show(connection, *progress);
    } else if (const auto* wanted = std::get_if<wire::PinWanted>(&event)) {
      if (wanted->was_wrong) connection.tell({MessageId::WrongPin, {}});
      auto asking =
          connection.ask({MessageId::PromptPin, {std::to_string(wanted->retries_left)}}, false);
      const Reply reply = co_await asking;
      if (reply.kind != Reply::Kind::Answered) {
        co_return denied(MessageId::RefusedEnrollCancelled);
      }
      connection.expect_person(kPatience);
      ceremony.answer_pin(reply.answer);
    } else if (auto* made = std::get_if<wire::NewCredential>(&event)) {
      co_return accept(engine, target, request, {rp_id, *hash, request.uv}, std::move(*made),
                       pending);
    } else if (const auto* failed = std::get_if<wire::CeremonyFailed>(&event)) {
      if (failed->cause == CeremonyFailure::Device)
        audit::key_failed(target.subject, failed->detail);
      co_return refusal_of(engine, *failed);
    } else {
      if (const auto* error = std::get_if<Error>(&event)) audit::trouble(*error, "not enrolling");
      co_return denied(MessageId::RefusedHelper, {engine.host});
    }
  }
}

}  // namespace stepup::daemon
