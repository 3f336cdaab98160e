// SPDX-License-Identifier: ISC
#include "stepupd/store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "stepupd/base/unique_fd.h"

namespace stepup::store {
namespace {

// The tables of schema 1.  One account owns a uid, so a uid never holds credentials of two people;
// what belongs to it goes with it.  The CHECKs are examined by quick_check at each start.
constexpr const char* kTables = R"sql(
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
);
CREATE TABLE account (
  uid  INTEGER PRIMARY KEY,
  name TEXT NOT NULL
);
CREATE TABLE credential (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  uid          INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  factor       INTEGER NOT NULL CHECK (factor BETWEEN 1 AND 32),
  label        TEXT NOT NULL COLLATE NOCASE CHECK (length(label) BETWEEN 1 AND 64),
  created_at   INTEGER NOT NULL,
  last_used_at INTEGER,
  algorithm    INTEGER NOT NULL CHECK (algorithm BETWEEN 1 AND 3),
  digits       INTEGER NOT NULL CHECK (digits BETWEEN 6 AND 8),
  period       INTEGER NOT NULL CHECK (period BETWEEN 1 AND 86400),
  last_step    INTEGER CHECK (last_step IS NULL OR last_step >= 0),
  sealed_key   BLOB NOT NULL,
  UNIQUE (uid, label)
);
CREATE TABLE recovery_code (
  uid        INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  code_index TEXT NOT NULL,
  cost       INTEGER NOT NULL,
  salt       BLOB NOT NULL CHECK (length(salt) = 16),
  hash       BLOB NOT NULL CHECK (length(hash) = 32),
  created_at INTEGER NOT NULL,
  used_at    INTEGER,
  PRIMARY KEY (uid, code_index)
);
CREATE TABLE failure (
  uid     INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  factor  INTEGER NOT NULL,
  origin  INTEGER NOT NULL,
  count   INTEGER NOT NULL CHECK (count >= 1),
  boot_id TEXT NOT NULL,
  boot_ms INTEGER NOT NULL,
  PRIMARY KEY (uid, factor, origin)
);
CREATE TABLE foreign_failure (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  uid     INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  boot_id TEXT NOT NULL,
  boot_ms INTEGER NOT NULL
);
CREATE TABLE ticket (
  uid        INTEGER PRIMARY KEY REFERENCES account ON DELETE CASCADE,
  hash       BLOB NOT NULL CHECK (length(hash) = 32),
  expires_at INTEGER NOT NULL
);
CREATE TABLE notice (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  uid    INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  kind   INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
  factor INTEGER NOT NULL,
  label  TEXT NOT NULL,
  actor  TEXT NOT NULL,
  at     INTEGER NOT NULL
);
CREATE INDEX credential_by_uid ON credential (uid);
CREATE INDEX foreign_failure_by_uid ON foreign_failure (uid);
CREATE INDEX notice_by_uid ON notice (uid);
)sql";

// What leads from each schema to the next, from 1 on.  A new database takes the same way, so that
// it is no other than one that grew old.
constexpr const char* kSteps[] = {
    "ALTER TABLE credential ADD COLUMN pending_step INTEGER "
    "  CHECK (pending_step IS NULL OR pending_step >= 0);"
    "ALTER TABLE credential ADD COLUMN public_id TEXT "
    "  CHECK (public_id IS NULL OR length(public_id) = 12);",
    R"sql(
CREATE TABLE fido2 (
  id                 INTEGER PRIMARY KEY REFERENCES credential ON DELETE CASCADE,
  rp_id              TEXT NOT NULL CHECK (length(rp_id) BETWEEN 1 AND 253),
  credential_id      BLOB NOT NULL CHECK (length(credential_id) BETWEEN 1 AND 1023),
  algorithm          INTEGER NOT NULL CHECK (algorithm BETWEEN 1 AND 3),
  public_key         BLOB NOT NULL CHECK (length(public_key) IN (32, 64, 259)),
  sign_count         INTEGER NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
  uv_required        INTEGER NOT NULL CHECK (uv_required IN (0, 1)),
  uv_capable         INTEGER NOT NULL CHECK (uv_capable IN (0, 1)),
  discoverable       INTEGER NOT NULL CHECK (discoverable IN (0, 1)),
  aaguid             BLOB NOT NULL CHECK (length(aaguid) = 16),
  attestation_kind   INTEGER NOT NULL CHECK (attestation_kind BETWEEN 1 AND 4),
  attestation_format TEXT NOT NULL,
  attestation        BLOB NOT NULL CHECK (length(attestation) <= 16384),
  UNIQUE (rp_id, credential_id)
);
CREATE TABLE declared_counter (
  uid           INTEGER NOT NULL,
  rp_id         TEXT NOT NULL,
  credential_id BLOB NOT NULL,
  sign_count    INTEGER NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
  last_used_at  INTEGER NOT NULL,
  PRIMARY KEY (uid, rp_id, credential_id)
);
)sql",
    R"sql(
CREATE TABLE ssh_sk (
  id           INTEGER PRIMARY KEY REFERENCES credential ON DELETE CASCADE,
  public_key   BLOB NOT NULL CHECK (length(public_key) BETWEEN 1 AND 4096),
  sign_count   INTEGER NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
  uv_required  INTEGER NOT NULL CHECK (uv_required IN (0, 1))
);
)sql",
    R"sql(
CREATE TABLE activity (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  at           INTEGER NOT NULL,
  uid          INTEGER NOT NULL,
  user         TEXT NOT NULL,
  session_kind INTEGER NOT NULL CHECK (session_kind BETWEEN 0 AND 3),
  session_id   INTEGER NOT NULL,
  tty          TEXT NOT NULL,
  service      TEXT NOT NULL,
  phase        TEXT NOT NULL,
  target_user  TEXT NOT NULL,
  command      TEXT NOT NULL,
  digest       TEXT NOT NULL,
  arguments    TEXT NOT NULL,
  verdict      TEXT NOT NULL,
  reason       TEXT NOT NULL,
  rules        TEXT NOT NULL,
  factor       TEXT NOT NULL
);
CREATE INDEX activity_by_uid ON activity (uid, id);
CREATE INDEX activity_by_time ON activity (at);
)sql",
};
static_assert(std::size(kSteps) + 1 == kSchema);

// The statements that lead from schema `from` to kSchema, its number included.
std::string steps_from(std::int64_t from) {
  std::string script;
  for (const char* step : std::span(kSteps).subspan(static_cast<std::size_t>(from - 1))) {
    script += step;
  }
  return script + "PRAGMA user_version = " + std::to_string(kSchema) + ";";
}

constexpr const char* kDamaged = "the database is damaged";
constexpr const char* kNewer = "the database was written by a newer stepup";

// The file format of SQLite, section 1.3: the header's fields are big-endian.
constexpr std::size_t kHeaderSize = 100;
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;
using Header = std::array<std::uint8_t, kHeaderSize>;

std::uint32_t big_endian(const Header& header, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | header[at + i];
  return value;
}

// Copies all of it into the file `path`, in place of any that is there.
Status copy_database(Database& database, const std::string& path) {
  (void)unlink(path.c_str());
  // SQLite takes an empty file, and would make one that others may read.
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd)
    return failure(Errc::Storage, "the database cannot be copied before it is changed", errno);
  return database.run("VACUUM INTO ?", std::string_view(path));
}

}  // namespace

Status create_schema(Database& database) {
  const std::string script = "PRAGMA synchronous = FULL; BEGIN; PRAGMA application_id = " +
                             std::to_string(kApplicationId) + ";" + kTables + steps_from(1) +
                             "COMMIT; PRAGMA journal_mode = WAL;";
  return database.script(script.c_str());
}

Status recognise_file(const char* path) {
  const UniqueFd fd(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return failure(Errc::Storage, "the database cannot be opened", errno);
  Header header{};
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  if (pread(fd.get(), header.data(), header.size(), 0) != static_cast<ssize_t>(header.size()) ||
      std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0 ||
      big_endian(header, kApplicationIdAt) != kApplicationId) {
    return failure(Errc::Storage, kDamaged);
  }
  if (big_endian(header, kUserVersionAt) > kSchema) return failure(Errc::Storage, kNewer);
  return {};
}

Status examine(Database& database) {
  const auto application = database.number("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  const auto version = database.number("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version > kSchema) return failure(Errc::Storage, kNewer);
  if (*application != kApplicationId || *version < 1) {
    return failure(Errc::Storage, kDamaged);
  }
  auto statement = database.prepare("PRAGMA quick_check(1)");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (!*row || statement->text(0) != "ok") return failure(Errc::Storage, kDamaged);
  return {};
}

Status migrate(Database& database, const std::string& path) {
  const auto version = database.number("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version == kSchema) return {};
  const std::string copy = path + ".schema-" + std::to_string(*version);
  if (const auto kept = copy_database(database, copy); !kept) return kept;
  auto done = database.script("BEGIN IMMEDIATE");
  if (done) done = database.script(steps_from(*version).c_str());
  if (done) done = database.script("COMMIT");
  // It fails when SQLite has rolled back by itself, or nothing was begun.
  if (!done) (void)database.script("ROLLBACK");
  return done;
}

}  // namespace stepup::store
