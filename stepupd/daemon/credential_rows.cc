// SPDX-License-Identifier: ISC
#include "stepupd/daemon/credential_rows.h"

#include <cstdint>
#include <string>
#include <utility>

#include "stepupd/factor/yubico_otp.h"

namespace stepup::daemon {
namespace {

const char* name_of(factor::HashAlgorithm algorithm) {
  switch (algorithm) {
    case factor::HashAlgorithm::Sha1: return "SHA1";
    case factor::HashAlgorithm::Sha256: return "SHA256";
    case factor::HashAlgorithm::Sha512: return "SHA512";
  }
  return "?";
}

const char* name_of(factor::CoseAlgorithm algorithm) {
  switch (algorithm) {
    case factor::CoseAlgorithm::Es256: return "ES256";
    case factor::CoseAlgorithm::EdDsa: return "EdDSA";
    case factor::CoseAlgorithm::Rs256: return "RS256";
  }
  return "?";
}

std::string key_details(const store::Credential& credential, const store::Fido2Key& key) {
  const bool is_declared = credential.id == 0;
  const bool is_imported = !is_declared && key.imported();
  std::string details = name_of(key.credential.public_key.algorithm);
  details += key.uv_required ? ", PIN or fingerprint" : ", touch";
  if (key.discoverable) details += ", discoverable";
  details += is_declared   ? ", declared in /etc"
             : is_imported ? ", of " + key.rp_id
                           : ", model " + factor::to_string(key.aaguid);
  // Such a key would not show that it was copied.
  const bool is_known = !(is_declared || is_imported) || credential.last_used_at.has_value();
  if (is_known && key.credential.sign_count == 0) details += ", no counter";
  return details;
}

std::string ssh_key_details(const store::Credential& credential, const store::SshSkKey& key) {
  std::string details = name_of(key.key.public_key.algorithm);
  details += key.uv_required ? ", PIN or fingerprint" : ", touch";
  details += ", of " + key.key.application;
  if (credential.last_used_at && key.sign_count == 0) details += ", no counter";
  return details;
}

}  // namespace

std::string details_of(const store::Credential& credential) {
  const factor::TotpParameters& parameters = credential.parameters;
  const std::string form = std::string(name_of(parameters.algorithm)) + ", " +
                           std::to_string(parameters.digits) + " digits, ";
  const std::uint64_t last = credential.last_step.value_or(0);
  switch (credential.factor) {
    case FactorKind::Totp: return form + std::to_string(parameters.period.count()) + " s";
    case FactorKind::Hotp: return form + "counter " + std::to_string(last);
    case FactorKind::YubicoOtp:
      return "id " + credential.public_id + ", session " +
             std::to_string(factor::yubico_session(last));
    case FactorKind::Fido2:
      if (credential.fido2) return key_details(credential, *credential.fido2);
      break;
    case FactorKind::SshSk:
      if (credential.ssh_sk) return ssh_key_details(credential, *credential.ssh_sk);
      break;
    case FactorKind::RecoveryCode: break;
  }
  return "?";
}

Result<std::vector<wire::CredentialRow>> list_credentials(store::Store& store,
                                                          const Subject& subject,
                                                          const DeclaredSource& declared) {
  auto transaction = store.begin_reading();
  if (!transaction) return std::unexpected(transaction.error());
  auto holdings = transaction->holdings(subject.uid);
  if (!holdings) return std::unexpected(holdings.error());
  const auto all = with_declared(*transaction, std::move(holdings->credentials), subject, declared);
  if (!all) return std::unexpected(all.error());
  std::vector<wire::CredentialRow> rows;
  for (const store::Credential& credential : all->credentials) {
    rows.push_back({credential.factor, credential.label, details_of(credential),
                    credential.created_at, credential.last_used_at.value_or(0)});
  }
  if (const auto& codes = holdings->recovery_codes; codes.total > 0) {
    rows.push_back({FactorKind::RecoveryCode, store::kRecoveryLabel,
                    std::to_string(codes.left) + " of " + std::to_string(codes.total) + " unused",
                    codes.created_at, 0});
  }
  return rows;
}

}  // namespace stepup::daemon
