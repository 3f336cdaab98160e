// SPDX-License-Identifier: ISC
#include "stepupd/daemon/declared_keys.h"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <utility>

#include "stepupd/factor/base64.h"
#include "stepupd/factor/public_key_text.h"
#include "stepupd/rules/credential_files.h"

namespace stepup::daemon {
namespace {

using store::Credential;
using store::Fido2Key;

constexpr std::size_t kMaxCredentialId = 1023;  // CTAP 2.1 section 6.1

std::unexpected<std::string> mistake(const rules::DeclaredCredential& declared, const char* what) {
  rules::Problem problem = declared.place;
  problem.what = what;
  return std::unexpected(rules::to_string(problem));
}

bool is_same(const Credential& a, const Fido2Key& b) {
  return a.fido2 && a.fido2->rp_id == b.rp_id && a.fido2->credential.id == b.credential.id;
}

// The key in the form of those that are enrolled, or what is wrong with it.
std::expected<Credential, std::string> read_key(const rules::DeclaredCredential& declared,
                                                const Subject& subject,
                                                const DeclaredSource& source) {
  auto id = factor::read_base64(declared.credential_id);
  if (!id || id->size() > kMaxCredentialId) return mistake(declared, "credential_id is not base64");
  auto key = factor::read_public_key(declared.public_key);
  if (!key) {
    return mistake(declared,
                   "public_key is no ES256, EdDSA or RS256 key in PEM or base64 (SPKI or COSE)");
  }
  Credential credential;
  credential.owner = subject;
  credential.factor = FactorKind::Fido2;
  credential.label = declared.label;
  Fido2Key& fido2 = credential.fido2.emplace();
  fido2.rp_id = declared.rp_id.empty() ? source.rp_id : declared.rp_id;
  if (fido2.rp_id.empty()) return mistake(declared, "no rp_id, and this host has none either");
  fido2.credential = {*std::move(id), *std::move(key), 0};
  fido2.uv_required = declared.uv_required;
  fido2.uv_capable = declared.uv_capable || declared.uv_required;
  return credential;
}

// All that the file of `subject` declares, or its first mistake.
std::expected<std::vector<Credential>, std::string> read_keys(const Subject& subject,
                                                              const DeclaredSource& source) {
  std::vector<Credential> keys;
  if (source.etc_dir.empty()) return keys;
  const auto declared = rules::read_credentials({source.etc_dir, {}}, subject.name, source.trust);
  if (!declared) return std::unexpected(rules::to_string(declared.error().front()));
  for (const rules::DeclaredCredential& one : *declared) {
    auto key = read_key(one, subject, source);
    if (!key) return std::unexpected(std::move(key.error()));
    const auto same = [&](const Credential& other) { return is_same(other, *key->fido2); };
    if (std::ranges::any_of(keys, same)) return mistake(one, "this credential_id stands twice");
    keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace

Result<AllCredentials> with_declared(store::Transaction& transaction,
                                     std::vector<Credential> enrolled, const Subject& subject,
                                     const DeclaredSource& source) {
  AllCredentials all{std::move(enrolled), {}};
  auto keys = read_keys(subject, source);
  if (!keys) {
    all.problem = std::move(keys.error());
    return all;
  }
  for (Credential& key : *keys) {
    if (!key.fido2) continue;
    Fido2Key& fido2 = *key.fido2;
    const auto same = [&](const Credential& other) { return is_same(other, fido2); };
    if (std::ranges::any_of(all.credentials, same)) continue;
    const auto use = transaction.declared_use(subject.uid, fido2.rp_id, fido2.credential.id);
    if (!use) return std::unexpected(use.error());
    if (const std::optional<store::DeclaredUse>& seen = *use) {
      fido2.credential.sign_count = seen->sign_count;
      key.last_used_at = seen->last_used_at;
    }
    all.credentials.push_back(std::move(key));
  }
  return all;
}

}  // namespace stepup::daemon
