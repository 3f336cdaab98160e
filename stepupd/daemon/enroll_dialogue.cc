// SPDX-License-Identifier: ISC
#include "stepupd/daemon/enroll_dialogue.h"

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/control_dialogue.h"
#include "stepupd/daemon/enrollment.h"
#include "stepupd/daemon/key_enrollment.h"
#include "stepupd/daemon/step_up.h"
#include "stepupd/factor/hex.h"
#include "stepupd/factor/ssh_sk.h"
#include "stepupd/factor/yubico_otp.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using wire::MessageId;
using wire::Verdict;
using wire::VerdictCode;

constexpr int kAttempts = 3;
constexpr BootTime kToSetUp = 10min;  // to install an app, scan, write codes down

Verdict denied(MessageId id, std::vector<std::string> args = {}) {
  return {
      VerdictCode::Denied, {id, std::move(args)}
  };
}

// Prompts until `mend` has no correction for the answer, three times at the most.  Returns the
// answer, or the words of the refusal.
using Mend = std::function<wire::Words(const SecretBytes&)>;
using Answer = std::expected<SecretBytes, MessageId>;
Task<Answer> ask_until(Connection& connection, MessageId prompt, bool echo, Mend mend) {
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto asking = connection.ask({prompt, {}}, echo, kToSetUp);
    Reply reply = co_await asking;
    if (reply.kind != Reply::Kind::Answered) {
      co_return std::unexpected(connection.ground().holds() ? MessageId::RefusedEnrollCancelled
                                                            : MessageId::RefusedRevoked);
    }
    wire::Words correction = mend(reply.answer);
    if (correction.id == MessageId::None) co_return std::move(reply.answer);
    connection.tell(std::move(correction));
  }
  co_return std::unexpected(MessageId::RefusedWrongCode);
}

// The ticket that lets somebody without a factor enrol the first one; nullopt = none that is good.
Task<std::optional<SecretBytes>> ask_for_ticket(Engine& engine, Connection& connection,
                                                Subject subject) {
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto asking = connection.ask({MessageId::PromptTicket, {}}, false);
    Reply reply = co_await asking;
    if (reply.kind != Reply::Kind::Answered) break;
    auto ticket = std::make_shared<SecretBytes>(reply.answer.copy());
    auto judging = engine.with_store<bool>(
        subject.uid, [subject, ticket, now = engine.now()](store::Store& store) {
          return ticket_is_good(store, subject, *ticket, now);
        });
    const Result<bool> good = co_await judging;
    if (!good) audit::trouble(good.error(), "refusing a ticket");
    if (good && *good) co_return std::move(reply.answer);
    connection.tell({MessageId::WrongTicket, {}});
  }
  audit::factor_judged(subject, "ticket", "wrong", "");
  co_return std::nullopt;
}

factor::TotpParameters parameters_of(const wire::EnrollRequest& request) {
  factor::TotpParameters parameters;
  if (request.kind != wire::EnrollKind::Totp && request.kind != wire::EnrollKind::Hotp) {
    return parameters;
  }
  parameters.digits = request.digits;
  if (request.kind == wire::EnrollKind::Hotp) return parameters;  // RFC 4226 knows SHA-1 alone
  switch (request.algorithm) {
    case wire::HashAlgorithm::Sha1: parameters.algorithm = factor::HashAlgorithm::Sha1; break;
    case wire::HashAlgorithm::Sha256: parameters.algorithm = factor::HashAlgorithm::Sha256; break;
    case wire::HashAlgorithm::Sha512: parameters.algorithm = factor::HashAlgorithm::Sha512; break;
  }
  return parameters;
}

FactorKind factor_of(wire::EnrollKind kind) {
  switch (kind) {
    case wire::EnrollKind::Totp: return FactorKind::Totp;
    case wire::EnrollKind::Hotp: return FactorKind::Hotp;
    case wire::EnrollKind::YubiKey:
    case wire::EnrollKind::ExistingYubiKey: return FactorKind::YubicoOtp;
    case wire::EnrollKind::Fido2: return FactorKind::Fido2;
    case wire::EnrollKind::SshSk: return FactorKind::SshSk;
    case wire::EnrollKind::RecoveryCodes: break;
  }
  return FactorKind::RecoveryCode;
}

// What the new credential could prove.  Beyond what is held, only a ticket lets it in.
Level level_of(const wire::EnrollRequest& request) {
  if (request.kind != wire::EnrollKind::Fido2 && request.kind != wire::EnrollKind::SshSk) {
    return Level::Otp;
  }
  return request.uv ? Level::TouchWithUv : Level::Touch;
}

// What a commit stores; owned together by the job that stores it.
struct Proofs {
  std::optional<PendingAuthenticator> authenticator;
  std::optional<PendingRecoveryCodes> recovery;
  std::optional<SecretBytes> ticket;
};

// Asks for a secret of `size` bytes that a YubiKey holds.
Task<Answer> ask_for_hex(Connection& connection, MessageId prompt, std::size_t size) {
  auto asking = ask_until(connection, prompt, false, [size](const SecretBytes& typed) {
    if (factor::read_hex(typed.text(), size)) return wire::Words{};
    return wire::Words{MessageId::NotHex, {std::to_string(size * 2)}};
  });
  const auto typed = co_await std::move(asking);
  if (!typed) co_return std::unexpected(typed.error());
  auto secret = factor::read_hex(typed->text(), size);
  if (!secret) co_return std::unexpected(MessageId::RefusedWrongCode);
  co_return std::move(*secret);
}

// Gives the secret to the person who is to put it into the authenticator, or asks for the one that
// it holds.  Returns the words of the refusal, or None.
Task<MessageId> hand_over(Connection& connection, wire::EnrollKind kind,
                          PendingAuthenticator& pending) {
  if (kind == wire::EnrollKind::ExistingYubiKey) {
    auto asking =
        ask_for_hex(connection, MessageId::PromptPrivateId, factor::kYubicoPrivateIdBytes);
    const auto private_id = co_await std::move(asking);
    if (!private_id) co_return private_id.error();
    auto asking_key = ask_for_hex(connection, MessageId::PromptAesKey, factor::kYubicoKeyBytes);
    const auto aes_key = co_await std::move(asking_key);
    if (!aes_key) co_return aes_key.error();
    keep_yubikey_secret(pending, *private_id, *aes_key);
  } else if (kind == wire::EnrollKind::YubiKey) {
    const auto secret = pending.key.view();
    connection.send(wire::NewYubiKey{pending.public_id,
                                     factor::hex(secret.first(factor::kYubicoPrivateIdBytes)),
                                     factor::hex(secret.subspan(factor::kYubicoPrivateIdBytes))});
  } else {
    connection.send(wire::NewAuthenticator{pending.otpauth_uri.copy()});
  }
  co_return MessageId::None;
}

wire::Words correction_of(Proof proof, FactorKind factor) {
  switch (proof) {
    case Proof::Good: return {};
    case Proof::OtherLayout: return {MessageId::OtherKeyboardLayout, {}};
    case Proof::Wrong: break;
  }
  return {factor == FactorKind::YubicoOtp ? MessageId::WrongYubiKeyCode : MessageId::WrongCode, {}};
}

// Puts the public key of `request` into `pending`.  There is nothing to prove it by: whoever may
// enrol a key says that it is the subject's, as in authorized_keys.
std::optional<Verdict> take_ssh_key(const wire::EnrollRequest& request,
                                    PendingAuthenticator& pending) {
  auto key = factor::read_ssh_sk_line(request.public_key);
  if (!key) {
    const bool no_key = key.error() == factor::SshKeyFault::NotAKey;
    return denied(
        MessageId::RefusedKeyUnsupported,
        {no_key ? "that is no public key of OpenSSH that can be used"
                : "that ssh key lies in a file; make one with: ssh-keygen -t ed25519-sk"});
  }
  pending.ssh_sk = store::SshSkKey{std::move(*key), 0, request.uv};
  pending.proved_step = 0;
  return std::nullopt;
}

// The new authenticator, shown and proved.  Returns the refusal, or nothing.
Task<std::optional<Verdict>> prove_new_authenticator(Engine& engine, Connection& connection,
                                                     Target target, wire::EnrollRequest request,
                                                     Proofs& proofs) {
  const AuthenticatorOrder order{factor_of(request.kind), request.label, request.replace_label,
                                 parameters_of(request)};
  auto preparing = engine.with_store<Enrolled<PendingAuthenticator>>(
      target.subject.uid,
      [target, order,
       host = engine.host](store::Store& store) -> Result<Enrolled<PendingAuthenticator>> {
        return lifted(prepare_authenticator(store, target.subject, host, order));
      });
  Result<Enrolled<PendingAuthenticator>> prepared = co_await preparing;
  if (!prepared) co_return unavailable(engine, prepared.error());
  if (!*prepared) {
    const auto why = prepared->error();
    const bool about_old = why.refusal == EnrollRefusal::NoSuchLabel;
    co_return refusal_of(engine, why, target.subject,
                         about_old ? request.replace_label : request.label);
  }
  PendingAuthenticator& pending = proofs.authenticator.emplace(std::move(**prepared));
  if (request.kind == wire::EnrollKind::Fido2) {
    auto making = make_key_credential(engine, connection, target, request, pending);
    auto refusal = co_await std::move(making);
    co_return refusal;
  }
  if (request.kind == wire::EnrollKind::SshSk) co_return take_ssh_key(request, pending);
  auto handing = hand_over(connection, request.kind, pending);
  const MessageId not_handed = co_await std::move(handing);
  if (not_handed != MessageId::None)
    co_return denied(not_handed, {"stepupctl enroll", engine.host});
  const MessageId prompt = order.factor == FactorKind::YubicoOtp ? MessageId::PromptNewYubiKey
                                                                 : MessageId::PromptNewCode;
  auto proving = ask_until(connection, prompt, true, [&engine, &pending](const SecretBytes& code) {
    return correction_of(prove_authenticator(pending, code, engine.now()), pending.factor);
  });
  const auto code = co_await std::move(proving);
  if (!code) co_return denied(code.error(), {"stepupctl enroll", engine.host});
  co_return std::nullopt;
}

// New recovery codes, shown and proved to be written down.
Task<std::optional<Verdict>> prove_recovery_codes(Engine& engine, Connection& connection, uid_t uid,
                                                  Proofs& proofs) {
  auto preparing =
      engine.on_worker<PendingRecoveryCodes>(uid, [] { return prepare_recovery_codes(); });
  Result<PendingRecoveryCodes> prepared = co_await preparing;
  if (!prepared) co_return unavailable(engine, prepared.error());
  proofs.recovery = std::move(*prepared);
  connection.send(wire::NewRecoveryCodes{proofs.recovery->text.copy()});
  auto proving = ask_until(connection, MessageId::PromptRecoveryBack, true,
                           [&proofs](const SecretBytes& typed) {
                             const bool good = prove_recovery_code(*proofs.recovery, typed);
                             return wire::Words{good ? MessageId::None : MessageId::WrongCode, {}};
                           });
  const auto code = co_await std::move(proving);
  if (!code) co_return denied(code.error(), {"stepupctl enroll", engine.host});
  co_return std::nullopt;
}

}  // namespace

Task<Verdict> enroll_dialogue(Engine& engine, Connection& connection, session::Asker asker,
                              wire::EnrollRequest request) {
  auto finding = target_of(engine, connection, request.user);
  const TargetOrRefusal found = co_await std::move(finding);
  if (!found.target) co_return found.refusal;
  const Target target = *found.target;
  const uid_t uid = target.subject.uid;
  engine.notice_suspend();
  connection.stand_on(engine.ledger.ground(uid, asker.where.session));

  auto looking = standing_now(engine, target.subject, Origin::Self);
  const Result<Standing> standing = co_await looking;
  if (!standing) co_return unavailable(engine, standing.error());
  if (standing->owner_mismatch) {
    co_return denied(MessageId::RefusedOwnerMismatch,
                     {std::to_string(uid), standing->recorded_name, target.subject.name});
  }
  if (request.kind == wire::EnrollKind::Fido2 && !engine.limits().security_keys) {
    co_return denied(MessageId::RefusedKeyUnsupported,
                     {"[fido2] enabled is false in stepupd.conf(5)"});
  }
  if (request.kind == wire::EnrollKind::SshSk && !engine.limits().ssh_sk) {
    co_return denied(MessageId::RefusedKeyUnsupported,
                     {"[ssh_sk] enabled is false in stepupd.conf(5)"});
  }
  const bool first = standing->highest == Level::None;
  const bool needs_ticket = !target.by_root && level_of(request) > standing->highest;
  if (request.kind == wire::EnrollKind::Fido2 && !target.by_root &&
      !sits_here(connection, asker, uid)) {
    co_return denied(MessageId::RefusedEnrollRemote, {engine.host});
  }
  const bool new_authenticator = request.kind != wire::EnrollKind::RecoveryCodes;
  if (first && !new_authenticator) {
    co_return denied(MessageId::RefusedNotEnrolled, {target.subject.name});
  }

  auto proofs = std::make_shared<Proofs>();
  if (!first) {
    auto authorising = authorise_change(engine, connection, asker, target, *standing, "enroll");
    const auto refusal = co_await std::move(authorising);
    if (refusal) co_return *refusal;
  }
  if (needs_ticket) {
    auto asking = ask_for_ticket(engine, connection, target.subject);
    proofs->ticket = co_await std::move(asking);
    if (!proofs->ticket) co_return denied(MessageId::RefusedTicket, {target.subject.name});
  }
  if (new_authenticator) {
    auto proving = prove_new_authenticator(engine, connection, target, request, *proofs);
    const auto refusal = co_await std::move(proving);
    if (refusal) co_return *refusal;
  }
  if (first || !new_authenticator) {
    auto proving = prove_recovery_codes(engine, connection, uid, *proofs);
    const auto refusal = co_await std::move(proving);
    if (refusal) co_return *refusal;
  }
  const std::optional<PendingAuthenticator>& added = proofs->authenticator;
  const std::string label = added ? added->label : store::kRecoveryLabel;

  // A reset or a revoke meanwhile ends every enrolment that was under way.
  if (!connection.ground().holds()) {
    co_return denied(MessageId::RefusedRevoked, {"stepupctl enroll", engine.host});
  }
  auto committing = engine.with_store<Enrolled<void>>(
      uid, [target, proofs, now = engine.now()](store::Store& store) -> Result<Enrolled<void>> {
        return lifted(commit_enrollment(
            store, target.subject, proofs->authenticator ? &*proofs->authenticator : nullptr,
            proofs->recovery ? &*proofs->recovery : nullptr,
            proofs->ticket ? &*proofs->ticket : nullptr, target.actor, now));
      });
  const Result<Enrolled<void>> committed = co_await committing;
  if (!committed) co_return unavailable(engine, committed.error());
  if (!*committed) co_return refusal_of(engine, committed->error(), target.subject, label);
  const bool replaced = !request.replace_label.empty();
  // What the old authenticator proved ends with it.
  if (replaced) engine.ledger.forget_subject(uid);
  audit::credential_changed(target.subject, replaced ? "replaced" : "added", label, target.actor);
  co_return Verdict{VerdictCode::Granted, {}};
}

}  // namespace stepup::daemon
