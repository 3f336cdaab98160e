// SPDX-License-Identifier: ISC
#include "stepupd/daemon/pending_credentials.h"

#include <algorithm>
#include <utility>

#include "stepupd/factor/digest.h"
#include "stepupd/factor/hotp_window.h"
#include "stepupd/factor/otp_format.h"
#include "stepupd/factor/otpauth_uri.h"
#include "stepupd/factor/random.h"
#include "stepupd/factor/yubico_otp.h"

namespace stepup::daemon {
namespace {

std::size_t key_size_of(FactorKind factor, const factor::TotpParameters& parameters) {
  return factor == FactorKind::YubicoOtp ? factor::kYubicoSecretBytes
                                         : factor::key_size_of(parameters.algorithm);
}

// Where `typed` stands among the codes of `pending`, if it is one that counts now.
std::optional<std::uint64_t> position_of(const PendingAuthenticator& pending,
                                         const factor::TypedAnswer& typed, const Now& now) {
  const factor::TotpParameters& parameters = pending.parameters;
  Result<factor::OtpJudgement> judged = factor::OtpJudgement{};
  if (pending.factor == FactorKind::YubicoOtp) {
    if (typed.form != factor::AnswerForm::YubicoOtp) return {};
    judged = factor::judge_yubico_otp(pending.key, typed.text, std::nullopt);
  } else {
    if (typed.form != factor::AnswerForm::Digits) return {};
    judged = pending.factor == FactorKind::Hotp
                 ? factor::judge_hotp(parameters.algorithm, parameters.digits, pending.key,
                                      typed.text.text(), {})
                 : factor::judge_totp(parameters, pending.key, typed.text.text(), now.unix_seconds,
                                      std::nullopt);
  }
  if (!judged || judged->verdict != factor::OtpVerdict::Accepted) return {};
  return judged->position;
}

}  // namespace

Result<PendingAuthenticator> make_authenticator(FactorKind factor,
                                                factor::TotpParameters parameters,
                                                std::string_view host, std::string_view user) {
  PendingAuthenticator pending;
  pending.factor = factor;
  pending.parameters = parameters;
  // The key makes its own, or did.
  if (factor == FactorKind::Fido2 || factor == FactorKind::SshSk) return pending;
  auto key = factor::random_bytes(key_size_of(factor, parameters));
  if (!key) return std::unexpected(key.error());
  pending.key = std::move(*key);
  if (factor == FactorKind::YubicoOtp) {
    auto public_id = factor::new_yubico_public_id();
    if (!public_id) return std::unexpected(public_id.error());
    pending.public_id = std::move(*public_id);
  } else {
    pending.otpauth_uri = factor == FactorKind::Hotp
                              ? factor::otpauth_hotp_uri(parameters, pending.key, host, user)
                              : factor::otpauth_uri(parameters, pending.key, host, user);
  }
  return pending;
}

void keep_yubikey_secret(PendingAuthenticator& pending, const SecretBytes& private_id,
                         const SecretBytes& aes_key) {
  SecretBytes secret(private_id.size() + aes_key.size());
  const auto rest = std::ranges::copy(private_id.view(), secret.bytes().begin()).out;
  std::ranges::copy(aes_key.view(), rest);
  pending.key = std::move(secret);
  pending.public_id.clear();
}

Proof prove_authenticator(PendingAuthenticator& pending, const SecretBytes& code, const Now& now) {
  const factor::TypedAnswer typed = factor::classify_answer(code);
  const bool yubikey = pending.factor == FactorKind::YubicoOtp;
  if (yubikey && typed.form == factor::AnswerForm::OtherLayout) return Proof::OtherLayout;
  const auto position = position_of(pending, typed, now);
  if (!position) return Proof::Wrong;
  if (yubikey) {
    const std::string_view public_id = factor::yubico_public_id(typed.text);
    if (!pending.public_id.empty() && pending.public_id != public_id) return Proof::Wrong;
    pending.public_id = public_id;
  }
  pending.proved_step = position;
  return Proof::Good;
}

Result<PendingRecoveryCodes> prepare_recovery_codes(factor::ScryptCost cost) {
  auto codes = factor::new_recovery_codes();
  if (!codes) return std::unexpected(codes.error());
  PendingRecoveryCodes pending;
  std::vector<SecretBytes> lines;
  std::size_t size = 0;
  for (const SecretBytes& code : *codes) {
    auto hash = factor::hash_recovery_code(code, cost);
    if (!hash) return std::unexpected(hash.error());
    pending.hashes.push_back(std::move(*hash));
    lines.push_back(factor::printed_recovery_code(code));
    size += lines.back().size() + 1;
  }
  pending.text = SecretBytes(size);
  auto to = pending.text.bytes().begin();
  for (const SecretBytes& line : lines) {
    to = std::ranges::copy(line.view(), to).out;
    *to++ = '\n';
  }
  pending.codes = std::move(*codes);
  return pending;
}

bool prove_recovery_code(const PendingRecoveryCodes& pending, const SecretBytes& typed) {
  const factor::TypedAnswer answer = factor::classify_answer(typed);
  if (answer.form != factor::AnswerForm::RecoveryCode) return false;
  return std::ranges::any_of(pending.codes, [&](const SecretBytes& code) {
    return factor::equal_in_constant_time(code.view(), answer.text.view());
  });
}

}  // namespace stepup::daemon
