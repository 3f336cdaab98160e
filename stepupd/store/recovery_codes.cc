// SPDX-License-Identifier: ISC
#include <algorithm>

#include "stepupd/store/store.h"

namespace stepup::store {
namespace {

// scrypt's parameters in one number: a byte each.
std::int64_t packed(const factor::ScryptCost& cost) {
  return std::int64_t{cost.log2_n} << 16 | std::int64_t{cost.r} << 8 | cost.p;
}

factor::ScryptCost unpacked(std::int64_t cost) {
  return {static_cast<std::uint8_t>(cost >> 16), static_cast<std::uint8_t>(cost >> 8),
          static_cast<std::uint8_t>(cost)};
}

}  // namespace

Result<std::optional<RecoveryCode>> Transaction::recovery_code(uid_t uid, std::string_view index) {
  auto statement = database().prepare(
      "SELECT cost, salt, hash, used_at FROM recovery_code WHERE uid = ?1 AND code_index = ?2");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->bind(std::int64_t{uid}, index).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<RecoveryCode>();
  RecoveryCode code;
  code.stored.index = index;
  code.stored.cost = unpacked(statement->integer(0));
  const auto salt = statement->bytes(1);
  const auto hash = statement->bytes(2);
  if (salt.size() != code.stored.salt.size() || hash.size() != code.stored.hash.size()) {
    return failure(Errc::Storage, "the database is damaged");
  }
  std::ranges::copy(salt, code.stored.salt.begin());
  std::ranges::copy(hash, code.stored.hash.begin());
  code.used = !statement->is_null(3);
  return code;
}

Result<RecoveryCodeCount> Transaction::count_recovery_codes(uid_t uid) {
  auto statement = database().prepare(
      "SELECT count(*), count(*) - count(used_at), max(created_at) FROM recovery_code "
      "WHERE uid = ?1");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->bind(std::int64_t{uid}).step();
  if (!row) return std::unexpected(row.error());
  return RecoveryCodeCount{static_cast<int>(statement->integer(0)),
                           static_cast<int>(statement->integer(1)), statement->integer(2)};
}

Result<bool> Transaction::spend_recovery_code(uid_t uid, std::string_view index,
                                              std::int64_t used_at) {
  const auto spent = database().run(
      "UPDATE recovery_code SET used_at = ?3 "
      "WHERE uid = ?1 AND code_index = ?2 AND used_at IS NULL",
      std::int64_t{uid}, index, used_at);
  if (!spent) return std::unexpected(spent.error());
  return database().changes() == 1;
}

Status Transaction::replace_recovery_codes(uid_t uid, std::span<const factor::RecoveryHash> codes,
                                           std::int64_t created_at) {
  auto done = database().run("DELETE FROM recovery_code WHERE uid = ?1", std::int64_t{uid});
  for (const factor::RecoveryHash& code : codes) {
    if (!done) return done;
    done = database().run(
        "INSERT INTO recovery_code (uid, code_index, cost, salt, hash, created_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        std::int64_t{uid}, code.index, packed(code.cost), std::span<const std::uint8_t>(code.salt),
        std::span<const std::uint8_t>(code.hash), created_at);
  }
  return done;
}

}  // namespace stepup::store
