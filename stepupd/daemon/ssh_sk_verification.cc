// SPDX-License-Identifier: ISC
#include "stepupd/daemon/ssh_sk_verification.h"

#include "stepupd/factor/ssh_sk.h"

namespace stepup::daemon {

using factor::CeremonyOutcome;

Result<TouchJudgement> verify_ssh_touch(store::Store& store, const Subject& subject,
                                        const SshSkEvidence& evidence, const Now& now) {
  // One transaction from the first look to the verdict, as for a code.
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  const auto held = transaction->holdings(subject.uid);
  if (!held) return std::unexpected(held.error());
  if (!held->empty() && held->recorded_name != subject.name) {
    return failure(Errc::Untrusted, "the uid's credentials belong to another name");
  }
  TouchJudgement judgement;
  // It may have been removed while the touch was waited for.
  const store::Credential* found = nullptr;
  for (const store::Credential& credential : held->credentials) {
    const auto& key = credential.ssh_sk;
    if (key && key->key.blob == evidence.key_blob) found = &credential;
  }
  if (found == nullptr || !found->ssh_sk) return judgement;
  const store::SshSkKey& key = *found->ssh_sk;
  judgement.credential_id = found->id;
  judgement.label = found->label;
  const auto verdict = factor::judge_ssh_signature(
      key.key, key.sign_count,
      {.message_hash = evidence.message_hash, .uv = evidence.uv_demanded || key.uv_required},
      evidence.signature);
  if (!verdict) return std::unexpected(verdict.error());
  judgement.outcome = verdict->outcome;
  if (judgement.outcome != CeremonyOutcome::Good) return judgement;
  const auto fresh =
      transaction->advance_ssh_count(found->id, verdict->sign_count, now.unix_seconds);
  if (!fresh) return std::unexpected(fresh.error());
  if (!*fresh) {
    judgement.outcome = CeremonyOutcome::CounterWentBack;
    return judgement;
  }
  if (const auto done = transaction->commit(); !done) return std::unexpected(done.error());
  // As for a key that is plugged in: one that was not enrolled for it proves no more by verifying
  // its user unasked.
  judgement.level = verdict->flags.uv && key.uv_required ? Level::TouchWithUv : Level::Touch;
  return judgement;
}

}  // namespace stepup::daemon
