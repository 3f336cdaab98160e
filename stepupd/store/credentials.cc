// SPDX-License-Identifier: ISC
// Accounts and their authenticators.
#include <utility>

#include "stepupd/store/store.h"

namespace stepup::store {
namespace {

SealContext context_of(std::int64_t id, const Credential& credential) {
  return {id, credential.owner.uid, credential.factor, ""};
}

// Steps have 63 bits in the database.
std::optional<std::uint64_t> step_in(const Statement& row, int column) {
  if (row.is_null(column)) return {};
  return static_cast<std::uint64_t>(row.integer(column));
}

std::optional<std::int64_t> stored(std::optional<std::uint64_t> step) {
  if (!step) return {};
  return static_cast<std::int64_t>(*step);
}

Credential credential_in(const Statement& row) {
  Credential credential;
  credential.id = row.integer(0);
  credential.owner = {static_cast<uid_t>(row.integer(1)), row.text(2)};
  credential.factor = static_cast<FactorKind>(row.integer(3));
  credential.label = row.text(4);
  credential.created_at = row.integer(5);
  if (!row.is_null(6)) credential.last_used_at = row.integer(6);
  credential.parameters = {static_cast<factor::HashAlgorithm>(row.integer(7)),
                           static_cast<int>(row.integer(8)), std::chrono::seconds(row.integer(9))};
  credential.last_step = step_in(row, 10);
  credential.pending_step = step_in(row, 11);
  credential.public_id = row.text(12);
  return credential;
}

}  // namespace

Result<std::optional<std::string>> Transaction::recorded_name(uid_t uid) {
  auto statement = database().prepare("SELECT name FROM account WHERE uid = ?1");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->bind(std::int64_t{uid}).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<std::string>();
  return statement->text(0);
}

Result<std::vector<Subject>> Transaction::holders() {
  auto statement = database().prepare(
      "SELECT uid, name FROM account WHERE uid IN (SELECT uid FROM credential) ORDER BY uid");
  if (!statement) return std::unexpected(statement.error());
  std::vector<Subject> holders;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return holders;
    holders.push_back({static_cast<uid_t>(statement->integer(0)), statement->text(1)});
  }
}

Status Transaction::replace_account(const Subject& subject) {
  const std::int64_t uid = subject.uid;
  if (auto removed = database().run("DELETE FROM account WHERE uid = ?1", uid); !removed) {
    return removed;
  }
  return database().run("INSERT INTO account (uid, name) VALUES (?1, ?2)", uid, subject.name);
}

Result<std::vector<Credential>> Transaction::credentials(uid_t uid) {
  auto statement = database().prepare(
      "SELECT id, uid, account.name, factor, label, created_at, last_used_at, algorithm, digits, "
      "period, last_step, pending_step, public_id FROM credential JOIN account USING (uid) WHERE "
      "uid = ?1 ORDER BY id");
  if (!statement) return std::unexpected(statement.error());
  statement->bind(std::int64_t{uid});
  std::vector<Credential> credentials;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return credentials;
    Credential credential = credential_in(*statement);
    if (credential.factor == FactorKind::Fido2) {
      auto key = fido2_key(credential.id);
      if (!key) return std::unexpected(key.error());
      credential.fido2 = std::move(*key);
    } else if (credential.factor == FactorKind::SshSk) {
      auto key = ssh_sk_key(credential.id);
      if (!key) return std::unexpected(key.error());
      credential.ssh_sk = std::move(*key);
    }
    credentials.push_back(std::move(credential));
  }
}

Result<SecretBytes> Transaction::key_of(const Credential& credential) {
  if (!store_->key_) return std::unexpected(store_->key_.error());
  auto statement = database().prepare("SELECT sealed_key FROM credential WHERE id = ?1");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->bind(credential.id).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return failure(Errc::NotFound, "the credential is gone");
  return store_->key_->open(statement->bytes(0), context_of(credential.id, credential));
}

Result<std::int64_t> Transaction::insert_credential(const Credential& credential) {
  std::optional<std::string_view> public_id;
  if (!credential.public_id.empty()) public_id = credential.public_id;
  const auto added = database().run(
      "INSERT INTO credential (uid, factor, label, created_at, algorithm, digits, period, "
      "last_step, public_id, sealed_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, x'')",
      std::int64_t{credential.owner.uid}, static_cast<std::int64_t>(credential.factor),
      credential.label, credential.created_at,
      static_cast<std::int64_t>(credential.parameters.algorithm),
      std::int64_t{credential.parameters.digits},
      std::int64_t{credential.parameters.period.count()}, stored(credential.last_step), public_id);
  if (!added) return std::unexpected(added.error());
  return database().last_id();
}

Result<std::int64_t> Transaction::add_credential(const Credential& credential,
                                                 const SecretBytes& key) {
  if (credential.fido2.has_value() != (credential.factor == FactorKind::Fido2) ||
      credential.ssh_sk.has_value() != (credential.factor == FactorKind::SshSk)) {
    return failure(Errc::Internal, "a security key without a public key, or the reverse");
  }
  const bool has_secret = !credential.is_key();
  if (has_secret && !store_->key_) return std::unexpected(store_->key_.error());
  const auto id = insert_credential(credential);
  if (!id) return id;
  if (!has_secret) {
    const auto kept = credential.fido2 ? insert_fido2(*id, *credential.fido2)
                                       : insert_ssh_sk(*id, *credential.ssh_sk);
    if (!kept) return std::unexpected(kept.error());
    return id;
  }
  // The id is sealed with the key, and is known only now.
  const auto sealed = store_->key_->seal(key, context_of(*id, credential));
  if (!sealed) return std::unexpected(sealed.error());
  const auto kept = database().run("UPDATE credential SET sealed_key = ?2 WHERE id = ?1", *id,
                                   std::span<const std::uint8_t>(*sealed));
  if (!kept) return std::unexpected(kept.error());
  return id;
}

Status Transaction::remove_credential(std::int64_t id) {
  return database().run("DELETE FROM credential WHERE id = ?1", id);
}

Result<bool> Transaction::advance_step(std::int64_t id, std::uint64_t step, std::int64_t used_at) {
  const auto advanced = database().run(
      "UPDATE credential SET last_step = ?2, pending_step = NULL, last_used_at = ?3 "
      "WHERE id = ?1 AND (last_step IS NULL OR last_step < ?2)",
      id, static_cast<std::int64_t>(step), used_at);
  if (!advanced) return std::unexpected(advanced.error());
  return database().changes() == 1;
}

Status Transaction::set_pending_step(std::int64_t id, std::optional<std::uint64_t> step) {
  return database().run("UPDATE credential SET pending_step = ?2 WHERE id = ?1", id, stored(step));
}

Result<Holdings> Transaction::holdings(uid_t uid) {
  Holdings holdings;
  auto name = recorded_name(uid);
  if (!name) return std::unexpected(name.error());
  holdings.recorded_name = std::move(*name);
  auto held = credentials(uid);
  if (!held) return std::unexpected(held.error());
  holdings.credentials = std::move(*held);
  const auto counted = count_recovery_codes(uid);
  if (!counted) return std::unexpected(counted.error());
  holdings.recovery_codes = *counted;
  auto pending = notices(uid);
  if (!pending) return std::unexpected(pending.error());
  holdings.notices = std::move(*pending);
  return holdings;
}

Result<Holdings> Store::holdings(uid_t uid) {
  auto transaction = begin_reading();
  if (!transaction) return std::unexpected(transaction.error());
  return transaction->holdings(uid);
}

}  // namespace stepup::store
