// SPDX-License-Identifier: ISC
#include "stepupd/store/store.h"

namespace stepup::store {

Status Transaction::set_ticket(uid_t uid, std::span<const std::uint8_t> hash,
                               std::int64_t expires_at) {
  return database().run(
      "INSERT INTO ticket (uid, hash, expires_at) VALUES (?1, ?2, ?3) "
      "ON CONFLICT (uid) DO UPDATE SET hash = ?2, expires_at = ?3",
      std::int64_t{uid}, hash, expires_at);
}

Result<std::optional<std::vector<std::uint8_t>>> Transaction::ticket(uid_t uid, std::int64_t now) {
  auto statement = database().prepare("SELECT hash FROM ticket WHERE uid = ?1 AND expires_at > ?2");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->bind(std::int64_t{uid}, now).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<std::vector<std::uint8_t>>();
  return statement->bytes(0);
}

Status Transaction::remove_ticket(uid_t uid) {
  return database().run("DELETE FROM ticket WHERE uid = ?1", std::int64_t{uid});
}

Status Transaction::add_notice(uid_t uid, const ChangeNotice& notice) {
  auto added = database().run(
      "INSERT INTO notice (uid, kind, factor, label, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      std::int64_t{uid}, static_cast<std::int64_t>(notice.kind),
      static_cast<std::int64_t>(notice.factor), notice.label, notice.actor, notice.at);
  if (!added) return added;
  return database().run(
      "DELETE FROM notice WHERE uid = ?1 AND id NOT IN "
      "(SELECT id FROM notice WHERE uid = ?1 ORDER BY id DESC LIMIT 32)",
      std::int64_t{uid});
}

Result<std::vector<ChangeNotice>> Transaction::notices(uid_t uid) {
  auto statement = database().prepare(
      "SELECT id, kind, factor, label, actor, at FROM notice WHERE uid = ?1 ORDER BY id");
  if (!statement) return std::unexpected(statement.error());
  statement->bind(std::int64_t{uid});
  std::vector<ChangeNotice> notices;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return notices;
    notices.push_back({statement->integer(0),
                       static_cast<ChangeNotice::Kind>(statement->integer(1)),
                       static_cast<FactorKind>(statement->integer(2)), statement->text(3),
                       statement->text(4), statement->integer(5)});
  }
}

Status Transaction::remove_notice(std::int64_t id) {
  return database().run("DELETE FROM notice WHERE id = ?1", id);
}

}  // namespace stepup::store
