// SPDX-License-Identifier: ISC
#include "stepupd/daemon/otp_verification.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "stepupd/factor/otp_format.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/factor/totp.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using store::Transaction;

constexpr BootTime kFirstBackoff = 30s;
constexpr int kForeignFailures = 20;
constexpr BootTime kForeignSpan = 1h;

// One answer, and the transaction in which it is judged and its consequence recorded.
struct Judging {
  Transaction& transaction;
  const Subject& subject;
  Origin origin;
  const Now& now;
  const Limits& limits;
};

// How long ago `moment` was, at least.  Another boot's clock tells nothing but that it was before
// this boot.
BootTime elapsed_since(const store::BootMoment& moment, const Now& now) {
  if (moment.boot_id != now.boot_id) return now.boot;
  return std::max(now.boot - moment.at, BootTime::zero());
}

BootTime backoff_after(int failures, const Limits& limits) {
  if (failures < limits.max_failures) return BootTime::zero();
  const int doublings = std::min(failures - limits.max_failures, 20);
  return std::min(kFirstBackoff * (std::int64_t{1} << doublings), limits.max_backoff);
}

// How long `factor` may not be tried from this origin.
Result<BootTime> locked_for(Transaction& transaction, const store::FailureKey& key, const Now& now,
                            const Limits& limits) {
  const auto failures = transaction.failures(key);
  if (!failures) return std::unexpected(failures.error());
  BootTime left = backoff_after(failures->count, limits) - elapsed_since(failures->last, now);
  if (key.origin != Origin::Self) {
    const auto foreign = transaction.foreign_failures(key.uid, kForeignFailures);
    if (!foreign) return std::unexpected(foreign.error());
    if (foreign->size() >= kForeignFailures) {
      left = std::max(left, kForeignSpan - elapsed_since(foreign->back(), now));
    }
  }
  return std::max(left, BootTime::zero());
}

Result<BootTime> locked_for(const Judging& judging, FactorKind factor) {
  return locked_for(judging.transaction, {judging.subject.uid, factor, judging.origin}, judging.now,
                    judging.limits);
}

// Counts a failure, durably, before anybody is told of it.
Result<AnswerResult> failed(const Judging& judging, FactorKind factor, AnswerOutcome outcome) {
  const store::BootMoment moment{judging.now.boot_id, judging.now.boot};
  auto counted =
      judging.transaction.add_failure({judging.subject.uid, factor, judging.origin}, moment);
  if (counted && judging.origin != Origin::Self) {
    counted =
        judging.transaction.add_foreign_failure(judging.subject.uid, moment, kForeignFailures);
  }
  if (!counted) return std::unexpected(counted.error());
  const auto locked = locked_for(judging, factor);
  if (!locked) return std::unexpected(locked.error());
  if (const auto done = judging.transaction.commit(); !done) return std::unexpected(done.error());
  AnswerResult result;
  result.outcome = outcome;
  result.factor = factor;
  result.locked_for = *locked;
  return result;
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

AnswerResult undecided(AnswerOutcome outcome, FactorKind factor, BootTime locked = {}) {
  AnswerResult result;
  result.outcome = outcome;
  result.factor = factor;
  result.locked_for = locked;
  return result;
}

Result<AnswerResult> judge_digits(const Judging& judging, const SecretBytes& digits) {
  auto credentials = judging.transaction.credentials(judging.subject.uid);
  if (!credentials) return std::unexpected(credentials.error());
  std::erase_if(*credentials, [&](const store::Credential& credential) {
    return credential.factor != FactorKind::Totp ||
           std::cmp_not_equal(credential.parameters.digits, digits.size());
  });
  if (credentials->empty()) return undecided(AnswerOutcome::NotACode, FactorKind::Totp);
  const auto locked = locked_for(judging, FactorKind::Totp);
  if (!locked) return std::unexpected(locked.error());
  if (*locked > BootTime::zero()) {
    return undecided(AnswerOutcome::LockedOut, FactorKind::Totp, *locked);
  }

  AnswerResult result;
  bool proved = false;
  bool replayed = false;
  bool wrong = false;
  std::optional<Error> unopened;
  for (const store::Credential& credential : *credentials) {
    const auto key = judging.transaction.key_of(credential);
    if (!key && key.error().code != Errc::Untrusted) return std::unexpected(key.error());
    if (!key) {
      unopened = key.error();  // one damaged record must not take the others with it
      continue;
    }
    const auto judged = factor::judge_totp(credential.parameters, *key, digits.text(),
                                           judging.now.unix_seconds, credential.last_step);
    if (!judged) return std::unexpected(judged.error());
    switch (judged->verdict) {
      case factor::TotpVerdict::Accepted: {
        // Every authenticator that shows this code has used it now.
        const auto fresh = judging.transaction.advance_totp_step(credential.id, judged->step,
                                                                 judging.now.unix_seconds);
        if (!fresh) return std::unexpected(fresh.error());
        if (!*fresh) {
          replayed = true;
        } else if (!std::exchange(proved, true)) {
          result.credential_id = credential.id;
          result.label = credential.label;
        }
        break;
      }
      case factor::TotpVerdict::Replayed: replayed = true; break;
      case factor::TotpVerdict::Wrong: wrong = true; break;
      case factor::TotpVerdict::ClockImplausible: break;
    }
  }
  if (proved) return accepted(judging, std::move(result));
  if (replayed) return failed(judging, FactorKind::Totp, AnswerOutcome::Replayed);
  if (wrong) return failed(judging, FactorKind::Totp, AnswerOutcome::Wrong);
  if (unopened) return std::unexpected(*unopened);
  return undecided(AnswerOutcome::ClockImplausible, FactorKind::Totp);
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

Result<Standing> standing_of(store::Store& store, const Subject& subject, Origin origin,
                             const Now& now, const Limits& limits) {
  auto transaction = store.begin_reading();
  if (!transaction) return std::unexpected(transaction.error());
  auto held = transaction->holdings(subject.uid);
  if (!held) return std::unexpected(held.error());
  Standing standing;
  if (held->empty()) return standing;
  if (held->recorded_name != subject.name) {
    standing.owner_mismatch = true;
    standing.recorded_name = held->recorded_name.value_or("");
    return standing;
  }
  standing.has_recovery_code = held->recovery_codes.left > 0;
  standing.has_otp = standing.has_recovery_code || !held->credentials.empty();
  standing.authenticators = static_cast<int>(held->credentials.size());
  standing.notices = std::move(held->notices);

  std::vector<FactorKind> factors;
  for (const store::Credential& credential : held->credentials) {
    factors.push_back(credential.factor);
  }
  if (standing.has_recovery_code) factors.push_back(FactorKind::RecoveryCode);
  std::optional<BootTime> soonest;
  for (const FactorKind factor : factors) {
    standing.highest = std::max(standing.highest, level_of(factor));
    const auto locked = locked_for(*transaction, {subject.uid, factor, origin}, now, limits);
    if (!locked) return std::unexpected(locked.error());
    soonest = std::min(soonest.value_or(*locked), *locked);
  }
  standing.locked_for = soonest.value_or(BootTime::zero());
  return standing;
}

Result<AnswerResult> verify_answer(store::Store& store, const Subject& subject, Origin origin,
                                   const SecretBytes& answer, const Now& now,
                                   const Limits& limits) {
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
  const Judging judging{*transaction, subject, origin, now, limits};
  switch (typed.form) {
    case factor::AnswerForm::Digits: return judge_digits(judging, typed.text);
    case factor::AnswerForm::RecoveryCode: return judge_recovery_code(judging, typed.text);
    case factor::AnswerForm::None: break;
  }
  return undecided(AnswerOutcome::NotACode, FactorKind::Totp);
}

}  // namespace stepup::daemon
