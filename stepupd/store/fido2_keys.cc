// SPDX-License-Identifier: ISC
// Security keys, those behind an ssh agent too, and what was seen of those that are declared in
// /etc.
#include <algorithm>
#include <utility>

#include "stepupd/store/store.h"

namespace stepup::store {
namespace {

using Bytes = std::span<const std::uint8_t>;

}  // namespace

Result<std::optional<Fido2Key>> Transaction::fido2_key(std::int64_t id) {
  auto statement = database().prepare(
      "SELECT rp_id, credential_id, algorithm, public_key, sign_count, uv_required, uv_capable, "
      "discoverable, aaguid, attestation_kind, attestation_format, attestation FROM fido2 "
      "WHERE id = ?1");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->bind(id).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<Fido2Key>();
  Fido2Key key;
  key.rp_id = statement->text(0);
  key.credential = {
      statement->bytes(1),
      {static_cast<factor::CoseAlgorithm>(statement->integer(2)), statement->bytes(3)},
      static_cast<std::uint32_t>(statement->integer(4))
  };
  key.uv_required = statement->integer(5) != 0;
  key.uv_capable = statement->integer(6) != 0;
  key.discoverable = statement->integer(7) != 0;
  const auto aaguid = statement->bytes(8);
  std::ranges::copy_n(aaguid.begin(),
                      static_cast<std::ptrdiff_t>(std::min(aaguid.size(), key.aaguid.size())),
                      key.aaguid.begin());
  key.attestation_kind = static_cast<factor::AttestationKind>(statement->integer(9));
  key.attestation_format = statement->text(10);
  key.attestation = statement->bytes(11);
  return key;
}

Status Transaction::insert_fido2(std::int64_t id, const Fido2Key& key) {
  return database().run(
      "INSERT INTO fido2 (id, rp_id, credential_id, algorithm, public_key, sign_count, "
      "uv_required, "
      "uv_capable, discoverable, aaguid, attestation_kind, attestation_format, attestation) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
      id, key.rp_id, Bytes(key.credential.id),
      static_cast<std::int64_t>(key.credential.public_key.algorithm),
      Bytes(key.credential.public_key.key), std::int64_t{key.credential.sign_count},
      std::int64_t{key.uv_required}, std::int64_t{key.uv_capable}, std::int64_t{key.discoverable},
      Bytes(key.aaguid), static_cast<std::int64_t>(key.attestation_kind), key.attestation_format,
      Bytes(key.attestation));
}

Result<bool> Transaction::has_fido2(std::string_view rp_id, Bytes credential_id) {
  auto statement =
      database().prepare("SELECT 1 FROM fido2 WHERE rp_id = ?1 AND credential_id = ?2");
  if (!statement) return std::unexpected(statement.error());
  return statement->bind(rp_id, credential_id).step();
}

Result<bool> Transaction::advance_sign_count(std::int64_t id, std::uint32_t sign_count,
                                             std::int64_t used_at) {
  const auto advanced = database().run(
      "UPDATE fido2 SET sign_count = ?2 "
      "WHERE id = ?1 AND (sign_count < ?2 OR (sign_count = 0 AND ?2 = 0))",
      id, std::int64_t{sign_count});
  if (!advanced) return std::unexpected(advanced.error());
  return note_use(id, used_at);
}

// After an UPDATE of the counter of credential `id`: false when that had not gone up.
Result<bool> Transaction::note_use(std::int64_t id, std::int64_t used_at) {
  if (database().changes() != 1) return false;
  const auto noted =
      database().run("UPDATE credential SET last_used_at = ?2 WHERE id = ?1", id, used_at);
  if (!noted) return std::unexpected(noted.error());
  return true;
}

Result<std::optional<SshSkKey>> Transaction::ssh_sk_key(std::int64_t id) {
  auto statement =
      database().prepare("SELECT public_key, sign_count, uv_required FROM ssh_sk WHERE id = ?1");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->bind(id).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<SshSkKey>();
  auto key = factor::read_ssh_sk_blob(statement->bytes(0));
  if (!key) return failure(Errc::Storage, "a public key in the database is damaged");
  return SshSkKey{std::move(*key), static_cast<std::uint32_t>(statement->integer(1)),
                  statement->integer(2) != 0};
}

Status Transaction::insert_ssh_sk(std::int64_t id, const SshSkKey& key) {
  return database().run(
      "INSERT INTO ssh_sk (id, public_key, sign_count, uv_required) VALUES (?1, ?2, ?3, ?4)", id,
      Bytes(key.key.blob), std::int64_t{key.sign_count}, std::int64_t{key.uv_required});
}

Result<bool> Transaction::advance_ssh_count(std::int64_t id, std::uint32_t sign_count,
                                            std::int64_t used_at) {
  const auto advanced = database().run(
      "UPDATE ssh_sk SET sign_count = ?2 "
      "WHERE id = ?1 AND (sign_count < ?2 OR (sign_count = 0 AND ?2 = 0))",
      id, std::int64_t{sign_count});
  if (!advanced) return std::unexpected(advanced.error());
  return note_use(id, used_at);
}

Result<std::optional<std::string>> Transaction::recorded_rp_id() {
  auto statement = database().prepare(
      "SELECT value FROM meta WHERE name = 'rp_id' "
      "AND EXISTS (SELECT 1 FROM fido2 WHERE rp_id = meta.value)");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<std::string>();
  return statement->text(0);
}

Status Transaction::record_rp_id(std::string_view rp_id) {
  const auto recorded = recorded_rp_id();
  if (!recorded) return std::unexpected(recorded.error());
  if (*recorded) return {};
  return database().run(
      "INSERT INTO meta (name, value) VALUES ('rp_id', ?1) "
      "ON CONFLICT (name) DO UPDATE SET value = ?1",
      rp_id);
}

Result<std::optional<DeclaredUse>> Transaction::declared_use(uid_t uid, std::string_view rp_id,
                                                             Bytes credential_id) {
  auto statement = database().prepare(
      "SELECT sign_count, last_used_at FROM declared_counter "
      "WHERE uid = ?1 AND rp_id = ?2 AND credential_id = ?3");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->bind(std::int64_t{uid}, rp_id, credential_id).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<DeclaredUse>();
  return DeclaredUse{static_cast<std::uint32_t>(statement->integer(0)), statement->integer(1)};
}

Result<bool> Transaction::advance_declared(uid_t uid, std::string_view rp_id, Bytes credential_id,
                                           const DeclaredUse& use) {
  const auto advanced = database().run(
      "INSERT INTO declared_counter (uid, rp_id, credential_id, sign_count, last_used_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (uid, rp_id, credential_id) DO UPDATE "
      "SET sign_count = ?4, last_used_at = ?5 "
      "WHERE sign_count < ?4 OR (sign_count = 0 AND ?4 = 0)",
      std::int64_t{uid}, rp_id, credential_id, std::int64_t{use.sign_count}, use.last_used_at);
  if (!advanced) return std::unexpected(advanced.error());
  return database().changes() == 1;
}

}  // namespace stepup::store
