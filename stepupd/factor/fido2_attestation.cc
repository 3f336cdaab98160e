// SPDX-License-Identifier: ISC
#include "stepupd/factor/fido2_attestation.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "stepupd/factor/fido2_library.h"
#include "stepupd/factor/hex.h"
#include "stepupd/factor/plain_cbor.h"

namespace stepup::factor {
namespace {

constexpr std::size_t kMaxCredentialId = 1023;  // CTAP 2.1 section 6.1

// Whether `attested` is attested credential data (WebAuthn section 6.5.2) that libfido2 may read.
bool is_whole(std::span<const std::uint8_t> attested) {
  constexpr std::size_t kIdSizeAt = std::tuple_size_v<Aaguid>;
  constexpr std::size_t kIdAt = kIdSizeAt + 2;
  if (attested.size() < kIdAt) return false;
  const std::size_t id_size =
      static_cast<std::size_t>(attested[kIdSizeAt]) << 8 | attested[kIdSizeAt + 1];
  if (id_size == 0 || id_size > kMaxCredentialId || attested.size() - kIdAt < id_size) return false;
  return is_plain_cbor_map(attested.subspan(kIdAt + id_size));
}

bool is_nothing(std::span<const std::uint8_t> statement) {
  constexpr std::uint8_t kEmptyMap = 0xa0;
  return statement.empty() || (statement.size() == 1 && statement[0] == kEmptyMap);
}

// Everything but the attestation, in libfido2's form; null when it does not take it, which it does
// of a key of another algorithm too.
CredentialHandle load_credential(const CeremonyDemand& demand,
                                 const NewCredentialEvidence& evidence) {
  CredentialHandle credential(fido_cred_new());
  fido_cred_t* const raw = credential.get();
  const Sha256Digest& hash = demand.client_data_hash;
  if (raw == nullptr || fido_cred_set_type(raw, cose_number_of(evidence.algorithm)) != FIDO_OK ||
      fido_cred_set_rp(raw, std::string(demand.rp_id).c_str(), nullptr) != FIDO_OK ||
      fido_cred_set_clientdata_hash(raw, hash.data(), hash.size()) != FIDO_OK ||
      fido_cred_set_uv(raw, demand.uv ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) != FIDO_OK ||
      fido_cred_set_authdata_raw(raw, evidence.auth_data.data(), evidence.auth_data.size()) !=
          FIDO_OK) {
    return nullptr;
  }
  return credential;
}

// What vouches for the credential; nothing when the attestation is not right.
std::optional<AttestationKind> judge_attestation(fido_cred_t* credential,
                                                 const NewCredentialEvidence& evidence) {
  const std::span<const std::uint8_t> statement = evidence.attestation;
  if (evidence.format == "none" && is_nothing(statement)) return AttestationKind::None;
  const bool packed = evidence.format == "packed";
  const bool u2f = evidence.format == "fido-u2f" && evidence.algorithm == CoseAlgorithm::Es256;
  if ((!packed && !u2f) || !is_plain_cbor_map(statement) ||
      fido_cred_set_fmt(credential, packed ? "packed" : "fido-u2f") != FIDO_OK ||
      fido_cred_set_attstmt(credential, statement.data(), statement.size()) != FIDO_OK) {
    return {};
  }
  if (packed && fido_cred_x5c_ptr(credential) == nullptr) {
    if (fido_cred_verify_self(credential) != FIDO_OK) return {};
    return AttestationKind::Self;
  }
  if (fido_cred_verify(credential) != FIDO_OK) return {};
  return packed ? AttestationKind::Certificate : AttestationKind::U2f;
}

}  // namespace

std::string to_string(const Aaguid& aaguid) {
  std::string uuid(hex(aaguid).text());
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) uuid.insert(dash, 1, '-');
  return uuid;
}

Result<NewCredentialVerdict> judge_new_credential(const CeremonyDemand& demand,
                                                  const NewCredentialEvidence& evidence) {
  const auto data = read_authenticator_data(evidence.auth_data);
  if (!data || !is_whole(data->attested)) {
    return NewCredentialVerdict{CeremonyOutcome::Malformed};
  }
  const auto judged = judge_data(*data, demand);
  if (!judged) return std::unexpected(judged.error());
  if (*judged != CeremonyOutcome::Good) return NewCredentialVerdict{*judged};
  const CredentialHandle made = load_credential(demand, evidence);
  if (!made) return NewCredentialVerdict{CeremonyOutcome::Malformed};
  // SAFETY: each pointer goes with the size that is asked for beside it, and lives as long as made.
  const std::span id(fido_cred_id_ptr(made.get()), fido_cred_id_len(made.get()));
  const std::span key(fido_cred_pubkey_ptr(made.get()), fido_cred_pubkey_len(made.get()));
  const std::span aaguid(fido_cred_aaguid_ptr(made.get()), fido_cred_aaguid_len(made.get()));

  NewCredentialVerdict verdict;
  verdict.credential = {
      {id.begin(),         id.end()                },
      {evidence.algorithm, {key.begin(), key.end()}},
      data->sign_count
  };
  if (!require_usable(verdict.credential.public_key) || aaguid.size() != verdict.aaguid.size()) {
    return NewCredentialVerdict{CeremonyOutcome::Malformed};
  }
  std::ranges::copy(aaguid, verdict.aaguid.begin());
  const auto vouched = judge_attestation(made.get(), evidence);
  if (!vouched) return NewCredentialVerdict{CeremonyOutcome::BadAttestation};
  verdict.outcome = CeremonyOutcome::Good;
  verdict.flags = data->flags;
  verdict.attestation = *vouched;
  return verdict;
}

}  // namespace stepup::factor
