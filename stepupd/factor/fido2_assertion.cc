// SPDX-License-Identifier: ISC
#include "stepupd/factor/fido2_assertion.h"

#include <algorithm>
#include <string>

#include "stepupd/factor/fido2_library.h"

namespace stepup::factor {
namespace {

// Whether the signature is that of `key` over this authenticator data and this challenge.
Result<bool> is_signed(const Fido2PublicKey& key, const CeremonyDemand& demand,
                       const AssertionEvidence& evidence) {
  const auto loaded = load_key(key);
  if (!loaded) return std::unexpected(loaded.error());
  if (evidence.signature.empty()) return false;
  const AssertionHandle assertion(fido_assert_new());
  fido_assert_t* const raw = assertion.get();
  const Sha256Digest& hash = demand.client_data_hash;
  if (raw == nullptr || fido_assert_set_count(raw, 1) != FIDO_OK ||
      fido_assert_set_rp(raw, std::string(demand.rp_id).c_str()) != FIDO_OK ||
      fido_assert_set_clientdata_hash(raw, hash.data(), hash.size()) != FIDO_OK ||
      fido_assert_set_up(raw, FIDO_OPT_TRUE) != FIDO_OK ||
      fido_assert_set_uv(raw, demand.uv ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) != FIDO_OK ||
      fido_assert_set_authdata_raw(raw, 0, evidence.auth_data.data(), evidence.auth_data.size()) !=
          FIDO_OK ||
      fido_assert_set_sig(raw, 0, evidence.signature.data(), evidence.signature.size()) !=
          FIDO_OK) {
    return failure(Errc::Internal, "libfido2 did not take an assertion");
  }
  switch (fido_assert_verify(raw, 0, cose_number_of(key.algorithm), loaded->get())) {
    case FIDO_OK: return true;
    case FIDO_ERR_INVALID_SIG: return false;
    default: return failure(Errc::Internal, "libfido2 did not judge an assertion");
  }
}

}  // namespace

Result<AssertionVerdict> judge_assertion(const Fido2Credential& enrolled,
                                         const CeremonyDemand& demand,
                                         const AssertionEvidence& evidence) {
  if (!std::ranges::equal(evidence.credential_id, enrolled.id)) {
    return AssertionVerdict{CeremonyOutcome::OtherCredential};
  }
  const auto data = read_authenticator_data(evidence.auth_data);
  if (!data || !data->attested.empty()) return AssertionVerdict{CeremonyOutcome::Malformed};
  const auto judged = judge_data(*data, demand);
  if (!judged) return std::unexpected(judged.error());
  if (*judged != CeremonyOutcome::Good) return AssertionVerdict{*judged};
  const auto authentic = is_signed(enrolled.public_key, demand, evidence);
  if (!authentic) return std::unexpected(authentic.error());
  if (!*authentic) return AssertionVerdict{CeremonyOutcome::BadSignature};
  // Only now: anybody could send a counter without a signature.
  const bool advances = counter_advances(enrolled.sign_count, data->sign_count);
  return AssertionVerdict{advances ? CeremonyOutcome::Good : CeremonyOutcome::CounterWentBack,
                          data->flags, data->sign_count};
}

}  // namespace stepup::factor
