// SPDX-License-Identifier: ISC
#include "stepupd/daemon/otp_verification.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include "stepupd/factor/hotp_window.h"
#include "stepupd/factor/otp_format.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/factor/totp.h"
#include "stepupd/factor/yubico_otp.h"

namespace stepup::daemon {
namespace {

using store::Transaction;

// One answer, and the transaction in which it is judged and its consequence recorded.
struct Judging {
  Transaction& transaction;
  const Subject& subject;
  Origin origin;
  const Now& now;
  const Limits& limits;
  FactorSet factors;
};

// What a factor of the subject's says of an answer, before anything is counted.
AnswerResult undecided(AnswerOutcome outcome, FactorKind factor, BootTime locked = {}) {
  AnswerResult result;
  result.outcome = outcome;
  result.factor = factor;
  result.locked_for = locked;
  return result;
}

Result<BootTime> locked_for(const Judging& judging, FactorKind factor) {
  return locked_for(judging.transaction, {judging.subject.uid, factor, judging.origin}, judging.now,
                    judging.limits);
}

// Counts a failure, durably, before anybody is told of it.  `missed` are the factors whose form the
// answer has.  The result is locked only when all of them are.
Result<AnswerResult> failed(const Judging& judging, std::span<const FactorKind> missed,
                            AnswerResult result) {
  const auto counted =
      count_failure(judging.transaction, judging.subject.uid, missed, judging.origin, judging.now);
  if (!counted) return std::unexpected(counted.error());
  std::optional<BootTime> soonest;
  for (const FactorKind factor : missed) {
    const auto locked = locked_for(judging, factor);
    if (!locked) return std::unexpected(locked.error());
    soonest = std::min(soonest.value_or(*locked), *locked);
  }
  if (const auto done = judging.transaction.commit(); !done) return std::unexpected(done.error());
  result.locked_for = soonest.value_or(BootTime::zero());
  return result;
}

Result<AnswerResult> failed(const Judging& judging, FactorKind factor, AnswerOutcome outcome) {
  return failed(judging, std::span(&factor, 1), undecided(outcome, factor));
}

// Ends the row of failures and makes the used step or code durable, before success is told.
Result<AnswerResult> accepted(const Judging& judging, AnswerResult result) {
  auto done =
      judging.transaction.clear_failures({judging.subject.uid, result.factor, judging.origin});
  if (done) done = judging.transaction.commit();
  if (!done) return std::unexpected(done.error());
  result.outcome = AnswerOutcome::Accepted;
  return result;
}

// Whether `text` has the form of the codes of `credential`.
bool fits(const store::Credential& credential, const SecretBytes& text) {
  switch (credential.factor) {
    case FactorKind::Totp:
    case FactorKind::Hotp: return std::cmp_equal(credential.parameters.digits, text.size());
    case FactorKind::YubicoOtp: return text.size() == factor::kYubicoOtpSize;
    case FactorKind::Fido2:
    case FactorKind::SshSk:
    case FactorKind::RecoveryCode: break;
  }
  return false;
}

Result<factor::OtpJudgement> judge_with(const store::Credential& credential, const SecretBytes& key,
                                        const SecretBytes& text, const Now& now) {
  const factor::TotpParameters& parameters = credential.parameters;
  switch (credential.factor) {
    case FactorKind::Totp:
      return factor::judge_totp(parameters, key, text.text(), now.unix_seconds,
                                credential.last_step);
    case FactorKind::Hotp:
      return factor::judge_hotp(parameters.algorithm, parameters.digits, key, text.text(),
                                {credential.last_step, credential.pending_step});
    case FactorKind::YubicoOtp:
      // The public id is no secret: whose key it is may be told by the time it takes.
      if (factor::yubico_public_id(text) != credential.public_id) return factor::OtpJudgement{};
      return factor::judge_yubico_otp(key, text, credential.last_step);
    case FactorKind::Fido2:
    case FactorKind::SshSk:
    case FactorKind::RecoveryCode: break;
  }
  return failure(Errc::Internal, "a credential of no kind");
}

// The stronger word about an answer that several authenticators looked at.
AnswerOutcome stronger(AnswerOutcome a, AnswerOutcome b) {
  using enum AnswerOutcome;
  for (const AnswerOutcome outcome : {Accepted, Replayed, NextWanted, Wrong, ClockImplausible}) {
    if (a == outcome || b == outcome) return outcome;
  }
  return a;
}

// What the one authenticator says, with what follows from it for the store.
Result<AnswerOutcome> ask(const Judging& judging, const store::Credential& credential,
                          const SecretBytes& text) {
  using factor::OtpVerdict;
  const auto key = judging.transaction.key_of(credential);
  if (!key) return std::unexpected(key.error());
  const auto judged = judge_with(credential, *key, text, judging.now);
  if (!judged) return std::unexpected(judged.error());
  if (judged->verdict == OtpVerdict::Accepted) {
    const auto fresh =
        judging.transaction.advance_step(credential.id, judged->position, judging.now.unix_seconds);
    if (!fresh) return std::unexpected(fresh.error());
    return *fresh ? AnswerOutcome::Accepted : AnswerOutcome::Replayed;
  }
  // The two codes that resynchronise must be consecutive answers, too.
  std::optional<std::uint64_t> pending;
  if (judged->verdict == OtpVerdict::NextWanted) pending = judged->position;
  if (pending != credential.pending_step) {
    const auto set = judging.transaction.set_pending_step(credential.id, pending);
    if (!set) return std::unexpected(set.error());
  }
  switch (judged->verdict) {
    case OtpVerdict::Accepted: break;
    case OtpVerdict::Replayed: return AnswerOutcome::Replayed;
    case OtpVerdict::NextWanted: return AnswerOutcome::NextWanted;
    case OtpVerdict::Wrong: return AnswerOutcome::Wrong;
    case OtpVerdict::ClockImplausible: return AnswerOutcome::ClockImplausible;
  }
  return AnswerOutcome::Wrong;
}

// What all authenticators of `factor` say of `text`, with nothing counted: NotACode when it has the
// form of none.  Fails with Untrusted when none that it fits could be opened.
Result<AnswerResult> ask_all(const Judging& judging, const store::Holdings& held, FactorKind factor,
                             const SecretBytes& text) {
  const auto fitting = [&](const store::Credential& credential) {
    return credential.factor == factor && fits(credential, text);
  };
  AnswerResult result = undecided(AnswerOutcome::NotACode, factor);
  if (std::ranges::none_of(held.credentials, fitting)) return result;
  const auto locked = locked_for(judging, factor);
  if (!locked) return std::unexpected(locked.error());
  if (*locked > BootTime::zero()) return undecided(AnswerOutcome::LockedOut, factor, *locked);

  std::optional<Error> unopened;
  for (const store::Credential& credential : held.credentials) {
    if (!fitting(credential)) continue;
    const auto outcome = ask(judging, credential, text);
    if (!outcome && outcome.error().code != Errc::Untrusted) {
      return std::unexpected(outcome.error());
    }
    if (!outcome) {
      unopened = outcome.error();  // one damaged record must not take the others with it
      continue;
    }
    // Every authenticator that shows this code has used it now; the first one is named.
    if (*outcome == AnswerOutcome::Accepted && result.outcome != AnswerOutcome::Accepted) {
      result.credential_id = credential.id;
      result.label = credential.label;
    }
    result.outcome = stronger(result.outcome, *outcome);
  }
  if (result.outcome == AnswerOutcome::NotACode && unopened) return std::unexpected(*unopened);
  return result;
}

// Judges `text` by one factor after the other, until one accepts it.
Result<AnswerResult> judge_otp(const Judging& judging, const store::Holdings& held,
                               std::initializer_list<FactorKind> factors, const SecretBytes& text) {
  std::vector<FactorKind> missed;
  std::optional<AnswerResult> miss;
  std::optional<AnswerResult> not_judged;
  std::optional<Error> unopened;
  for (const FactorKind factor : factors) {
    if (!judging.factors.has(factor)) continue;
    auto result = ask_all(judging, held, factor, text);
    if (!result && result.error().code != Errc::Untrusted) return result;
    if (!result) {
      unopened = result.error();
      continue;
    }
    switch (result->outcome) {
      case AnswerOutcome::Accepted: return accepted(judging, std::move(*result));
      case AnswerOutcome::Replayed:
      case AnswerOutcome::NextWanted:
      case AnswerOutcome::Wrong:
        missed.push_back(factor);
        if (!miss || stronger(miss->outcome, result->outcome) != miss->outcome) miss = *result;
        break;
      case AnswerOutcome::LockedOut:
      case AnswerOutcome::ClockImplausible:
        if (!not_judged || result->locked_for < not_judged->locked_for) not_judged = *result;
        break;
      case AnswerOutcome::NotACode:
      case AnswerOutcome::OtherLayout: break;
    }
  }
  if (miss) return failed(judging, missed, std::move(*miss));
  if (unopened) return std::unexpected(*unopened);
  return not_judged.value_or(undecided(AnswerOutcome::NotACode, *factors.begin()));
}

bool holds(const store::Holdings& held, FactorKind factor) {
  return std::ranges::any_of(held.credentials, [factor](const store::Credential& credential) {
    return credential.factor == factor;
  });
}

Result<AnswerResult> judge_recovery_code(const Judging& judging, const SecretBytes& code) {
  constexpr auto kFactor = FactorKind::RecoveryCode;
  const uid_t uid = judging.subject.uid;
  const auto count = judging.transaction.count_recovery_codes(uid);
  if (!count) return std::unexpected(count.error());
  if (count->total == 0) return undecided(AnswerOutcome::NotACode, kFactor);
  const auto locked = locked_for(judging, kFactor);
  if (!locked) return std::unexpected(locked.error());
  if (*locked > BootTime::zero()) return undecided(AnswerOutcome::LockedOut, kFactor, *locked);

  // An unknown index answers faster than a known one.  That tells which indexes exist, and they
  // are no secret.
  const std::string_view index = factor::recovery_index(code);
  const auto found = judging.transaction.recovery_code(uid, index);
  if (!found) return std::unexpected(found.error());
  const std::optional<store::RecoveryCode>& known = *found;
  if (!known) return failed(judging, kFactor, AnswerOutcome::Wrong);
  const auto matches = factor::matches_recovery_code(known->stored, code);
  if (!matches) return std::unexpected(matches.error());
  if (!*matches) return failed(judging, kFactor, AnswerOutcome::Wrong);
  const auto fresh = judging.transaction.spend_recovery_code(uid, index, judging.now.unix_seconds);
  if (!fresh) return std::unexpected(fresh.error());
  if (!*fresh) return failed(judging, kFactor, AnswerOutcome::Replayed);

  store::ChangeNotice notice;
  notice.kind = store::ChangeNotice::Kind::RecoveryUsed;
  notice.factor = kFactor;
  notice.label = store::kRecoveryLabel;
  notice.actor = judging.subject.name;
  notice.at = judging.now.unix_seconds;
  if (const auto told = judging.transaction.add_notice(uid, notice); !told) {
    return std::unexpected(told.error());
  }
  AnswerResult result;
  result.factor = kFactor;
  result.label = store::kRecoveryLabel;
  result.recovery_codes_left = count->left - 1;
  return accepted(judging, std::move(result));
}

}  // namespace

Result<AnswerResult> verify_answer(store::Store& store, const Subject& subject, Origin origin,
                                   const SecretBytes& answer, const Now& now, const Limits& limits,
                                   FactorSet factors) {
  const factor::TypedAnswer typed = factor::classify_answer(answer);
  // One transaction from the first look to the verdict: of two sessions that type the same code at
  // once, the second sees it used.
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  const auto held = transaction->holdings(subject.uid);
  if (!held) return std::unexpected(held.error());
  if (!held->empty() && held->recorded_name != subject.name) {
    return failure(Errc::Untrusted, "the uid's credentials belong to another name");
  }
  const Judging judging{*transaction, subject, origin, now, limits, factors};
  switch (typed.form) {
    case factor::AnswerForm::Digits:
      return judge_otp(judging, *held, {FactorKind::Totp, FactorKind::Hotp}, typed.text);
    case factor::AnswerForm::YubicoOtp:
      return judge_otp(judging, *held, {FactorKind::YubicoOtp}, typed.text);
    case factor::AnswerForm::OtherLayout:
      if (factors.has(FactorKind::YubicoOtp) && holds(*held, FactorKind::YubicoOtp)) {
        return undecided(AnswerOutcome::OtherLayout, FactorKind::YubicoOtp);
      }
      break;
    case factor::AnswerForm::RecoveryCode:
      if (factors.has(FactorKind::RecoveryCode)) return judge_recovery_code(judging, typed.text);
      break;
    case factor::AnswerForm::None: break;
  }
  return undecided(AnswerOutcome::NotACode, FactorKind::Totp);
}

}  // namespace stepup::daemon
