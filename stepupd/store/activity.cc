// SPDX-License-Identifier: ISC
#include "stepupd/store/store.h"

namespace stepup::store {
namespace {

// So that one who asks without end fills no disk, and takes nobody else's rows away.
constexpr std::int64_t kMaxRowsEach = 10'000;

}  // namespace

Status Transaction::add_activity(const Activity& row) {
  return database().run(
      "INSERT INTO activity (at, uid, user, session_kind, session_id, tty, service, phase, "
      "target_user, command, digest, arguments, verdict, reason, rules, factor) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
      row.at, std::int64_t{row.subject.uid}, row.subject.name,
      static_cast<std::int64_t>(row.session.kind), static_cast<std::int64_t>(row.session.id),
      row.tty, row.service, row.phase, row.target_user, row.command, row.digest, row.arguments,
      row.verdict, row.reason, row.rules, row.factor);
}

Status Transaction::trim_activity(std::int64_t until, std::span<const uid_t> subjects) {
  auto trimmed = database().run("DELETE FROM activity WHERE at <= ?1", until);
  for (const uid_t uid : subjects) {
    if (!trimmed) return trimmed;
    trimmed = database().run(
        "DELETE FROM activity WHERE uid = ?1 AND id <= "
        "(SELECT id FROM activity WHERE uid = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        std::int64_t{uid}, kMaxRowsEach);
  }
  return trimmed;
}

Result<std::vector<Activity>> Transaction::activity(const ActivityQuery& query) {
  auto statement = database().prepare(
      "SELECT id, at, uid, user, session_kind, session_id, tty, service, phase, target_user, "
      "command, digest, arguments, verdict, reason, rules, factor FROM activity "
      "WHERE id > ?1 AND at >= ?2 AND (?3 IS NULL OR uid = ?3) "
      "AND (?4 IS NULL OR (session_kind = ?4 AND session_id = ?5)) ORDER BY id LIMIT ?6");
  if (!statement) return std::unexpected(statement.error());
  std::optional<std::int64_t> uid;
  std::optional<std::int64_t> kind;
  std::optional<std::int64_t> session;
  if (query.uid) uid = *query.uid;
  if (query.session) {
    kind = static_cast<std::int64_t>(query.session->kind);
    session = static_cast<std::int64_t>(query.session->id);
  }
  statement->bind(query.after, query.since, uid, kind, session, query.limit);
  std::vector<Activity> rows;
  for (;;) {
    const auto found = statement->step();
    if (!found) return std::unexpected(found.error());
    if (!*found) return rows;
    Activity row;
    row.id = statement->integer(0);
    row.at = statement->integer(1);
    row.subject = {static_cast<uid_t>(statement->integer(2)), statement->text(3)};
    row.session = {static_cast<SessionKey::Kind>(statement->integer(4)),
                   static_cast<std::uint64_t>(statement->integer(5))};
    row.tty = statement->text(6);
    row.service = statement->text(7);
    row.phase = statement->text(8);
    row.target_user = statement->text(9);
    row.command = statement->text(10);
    row.digest = statement->text(11);
    row.arguments = statement->text(12);
    row.verdict = statement->text(13);
    row.reason = statement->text(14);
    row.rules = statement->text(15);
    row.factor = statement->text(16);
    rows.push_back(std::move(row));
  }
}

}  // namespace stepup::store
