// SPDX-License-Identifier: ISC
#include "stepupd/store/sql.h"

namespace stepup::store {
namespace {

constexpr int kBusyMilliseconds = 2000;  // an administrator's sqlite3 shell must not hang sudo

const char* meaning_of(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_FULL: return "the disk that holds the database is full";
    case SQLITE_READONLY: return "the database cannot be written to";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program holds the database";
    case SQLITE_IOERR: return "the disk failed to read or write the database";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "the database is damaged";
    case SQLITE_CANTOPEN: return "the database cannot be opened";
    case SQLITE_CONSTRAINT: return "a record breaks the rules of the database";
    case SQLITE_NOMEM: return "no memory for the database";
    default: return "the database failed";
  }
}

std::unexpected<Error> storage_failure(sqlite3* connection, int code) noexcept {
  return failure(Errc::Storage, meaning_of(code),
                 connection == nullptr ? 0 : sqlite3_system_errno(connection));
}

}  // namespace

Result<bool> Statement::step() {
  sqlite3* connection = sqlite3_db_handle(handle_.get());
  if (bound_ != SQLITE_OK) return storage_failure(connection, bound_);
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return storage_failure(connection, code);
}

Status Statement::run() {
  const auto row = step();
  if (!row) return std::unexpected(row.error());
  return {};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

std::string Statement::text(int column) const {
  const auto copy = bytes(column);
  return {copy.begin(), copy.end()};
}

std::vector<std::uint8_t> Statement::bytes(int column) const {
  // SAFETY: null for an empty value; else as many bytes as sqlite3_column_bytes() says, which must
  // be asked after the value.
  const auto* first = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (first == nullptr || size <= 0) return {};
  return {first, first + size};
}

void Statement::bind_at(int index, std::int64_t value) {
  if (bound_ == SQLITE_OK) bound_ = sqlite3_bind_int64(handle_.get(), index, value);
}

void Statement::bind_at(int index, std::string_view value) {
  if (bound_ != SQLITE_OK) return;
  bound_ = sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
}

void Statement::bind_at(int index, std::span<const std::uint8_t> value) {
  if (bound_ != SQLITE_OK) return;
  if (value.empty()) {  // its pointer may be null, which SQLite would take for NULL
    bound_ = sqlite3_bind_zeroblob(handle_.get(), index, 0);
    return;
  }
  bound_ = sqlite3_bind_blob64(handle_.get(), index, value.data(), value.size(), SQLITE_STATIC);
}

void Statement::bind_at(int index, std::nullopt_t) {
  if (bound_ == SQLITE_OK) bound_ = sqlite3_bind_null(handle_.get(), index);
}

Result<Database> Database::open(const std::string& path) {
  Database database;
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  database.handle_.reset(raw);  // SQLite gives a connection to close even when it fails
  if (code != SQLITE_OK) return storage_failure(raw, code);
  (void)sqlite3_extended_result_codes(raw, 1);
  (void)sqlite3_busy_timeout(raw, kBusyMilliseconds);
  // A damaged or planted schema must not run functions or write to SQLite's own tables.
  (void)sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  (void)sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

Result<Statement> Database::prepare(const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql, -1, &prepared, nullptr);
  if (code != SQLITE_OK) return storage_failure(handle_.get(), code);
  return Statement(prepared);
}

Status Database::script(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return storage_failure(handle_.get(), code);
  return {};
}

Result<std::int64_t> Database::number(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return failure(Errc::Storage, "the database is damaged");
  return statement->integer(0);
}

std::int64_t Database::changes() const { return sqlite3_changes(handle_.get()); }

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }

bool Database::idle() const { return sqlite3_get_autocommit(handle_.get()) != 0; }

void Database::leave_files_alone() const {
  if (!handle_) return;
  (void)sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace stepup::store
