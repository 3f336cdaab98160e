// SPDX-License-Identifier: ISC
#include "stepupd/store/store.h"

namespace stepup::store {

Result<Failures> Transaction::failures(const FailureKey& key) {
  auto statement = database().prepare(
      "SELECT count, boot_id, boot_ms FROM failure "
      "WHERE uid = ?1 AND factor = ?2 AND origin = ?3");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement
                       ->bind(std::int64_t{key.uid}, static_cast<std::int64_t>(key.factor),
                              static_cast<std::int64_t>(key.origin))
                       .step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return Failures{};
  return Failures{
      static_cast<int>(statement->integer(0)),
      {statement->text(1), BootTime(statement->integer(2))}
  };
}

Status Transaction::add_failure(const FailureKey& key, const BootMoment& now) {
  return database().run(
      "INSERT INTO failure (uid, factor, origin, count, boot_id, boot_ms) "
      "VALUES (?1, ?2, ?3, 1, ?4, ?5) ON CONFLICT (uid, factor, origin) "
      "DO UPDATE SET count = min(count + 1, 1000000), boot_id = ?4, boot_ms = ?5",
      std::int64_t{key.uid}, static_cast<std::int64_t>(key.factor),
      static_cast<std::int64_t>(key.origin), now.boot_id, now.at.count());
}

Status Transaction::clear_failures(const FailureKey& key) {
  return database().run("DELETE FROM failure WHERE uid = ?1 AND factor = ?2 AND origin = ?3",
                        std::int64_t{key.uid}, static_cast<std::int64_t>(key.factor),
                        static_cast<std::int64_t>(key.origin));
}

Result<std::vector<BootMoment>> Transaction::foreign_failures(uid_t uid, int limit) {
  auto statement = database().prepare(
      "SELECT boot_id, boot_ms FROM foreign_failure WHERE uid = ?1 ORDER BY id DESC LIMIT ?2");
  if (!statement) return std::unexpected(statement.error());
  statement->bind(std::int64_t{uid}, std::int64_t{limit});
  std::vector<BootMoment> moments;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return moments;
    moments.push_back({statement->text(0), BootTime(statement->integer(1))});
  }
}

Status Transaction::add_foreign_failure(uid_t uid, const BootMoment& now, int limit) {
  auto added =
      database().run("INSERT INTO foreign_failure (uid, boot_id, boot_ms) VALUES (?1, ?2, ?3)",
                     std::int64_t{uid}, now.boot_id, now.at.count());
  if (!added) return added;
  return database().run(
      "DELETE FROM foreign_failure WHERE uid = ?1 AND id NOT IN "
      "(SELECT id FROM foreign_failure WHERE uid = ?1 ORDER BY id DESC LIMIT ?2)",
      std::int64_t{uid}, std::int64_t{limit});
}

}  // namespace stepup::store
