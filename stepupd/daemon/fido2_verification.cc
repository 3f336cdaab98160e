// SPDX-License-Identifier: ISC
#include "stepupd/daemon/fido2_verification.h"

#include <utility>

namespace stepup::daemon {

using factor::CeremonyOutcome;

const char* to_string(CeremonyOutcome outcome) {
  switch (outcome) {
    case CeremonyOutcome::Good: return "accepted";
    case CeremonyOutcome::Malformed: return "malformed";
    case CeremonyOutcome::OtherCredential: return "other-credential";
    case CeremonyOutcome::OtherRp: return "other-relying-party";
    case CeremonyOutcome::NoUserPresence: return "no-user-presence";
    case CeremonyOutcome::NoUserVerification: return "no-user-verification";
    case CeremonyOutcome::BadSignature: return "bad-signature";
    case CeremonyOutcome::BadAttestation: return "bad-attestation";
    case CeremonyOutcome::CounterWentBack: return "possible-clone";
  }
  return "?";
}

Result<TouchJudgement> verify_touch(store::Store& store, const Subject& subject,
                                    const TouchEvidence& evidence, const Now& now,
                                    const DeclaredSource& declared) {
  // One transaction from the first look to the verdict, as for a code.
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  auto held = transaction->holdings(subject.uid);
  if (!held) return std::unexpected(held.error());
  if (!held->empty() && held->recorded_name != subject.name) {
    return failure(Errc::Untrusted, "the uid's credentials belong to another name");
  }
  const auto all = with_declared(*transaction, std::move(held->credentials), subject, declared);
  if (!all) return std::unexpected(all.error());
  const store::Credential* found = nullptr;
  for (const store::Credential& credential : all->credentials) {
    const auto& key = credential.fido2;
    // SECURITY: not every key of theirs was asked for, and one that was not may pretend to be it.
    if (!key || (evidence.uv_demanded && !key->uv_capable)) continue;
    if (key->rp_id == evidence.rp_id && key->credential.id == evidence.credential_id) {
      found = &credential;
    }
  }
  TouchJudgement judgement;
  if (found == nullptr || !found->fido2) return judgement;
  const store::Fido2Key& key = *found->fido2;
  judgement.credential_id = found->id;
  judgement.label = found->label;
  const auto verdict =
      factor::judge_assertion(key.credential,
                              {.rp_id = evidence.rp_id,
                               .client_data_hash = evidence.client_data_hash,
                               .uv = evidence.uv_demanded || key.uv_required},
                              {evidence.credential_id, evidence.auth_data, evidence.signature});
  if (!verdict) return std::unexpected(verdict.error());
  judgement.outcome = verdict->outcome;
  if (judgement.outcome != CeremonyOutcome::Good) return judgement;
  const auto fresh =
      found->id != 0
          ? transaction->advance_sign_count(found->id, verdict->sign_count, now.unix_seconds)
          : transaction->advance_declared(subject.uid, key.rp_id, key.credential.id,
                                          {verdict->sign_count, now.unix_seconds});
  if (!fresh) return std::unexpected(fresh.error());
  if (!*fresh) {
    judgement.outcome = CeremonyOutcome::CounterWentBack;
    return judgement;
  }
  if (const auto done = transaction->commit(); !done) return std::unexpected(done.error());
  // A key that was not enrolled for it proves no more by verifying unasked: that level is a matter
  // of a ticket.
  judgement.level = verdict->flags.uv && key.uv_capable ? Level::TouchWithUv : Level::Touch;
  return judgement;
}

}  // namespace stepup::daemon
