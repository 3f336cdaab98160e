// SPDX-License-Identifier: ISC
#include "stepupd/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "stepupd/store/own_file.h"
#include "stepupd/store/schema.h"

namespace stepup::store {
namespace {

constexpr const char* kDatabase = "stepup.db";
constexpr const char* kWriteAheadLog = "stepup.db-wal";
constexpr const char* kNewDatabase = "stepup.db.new";
constexpr const char* kLock = "lock";
constexpr const char* kGone =
    "the database is gone: restore it, or empty the state directory to begin without credentials";
constexpr const char* kUnwritable = "the state directory cannot be written to";

// Takes the lock that makes this the only Store on the directory.
Result<UniqueFd> take_lock(int directory) {
  UniqueFd lock(openat(directory, kLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) {
    return failure(errno == ELOOP ? Errc::Untrusted : Errc::Storage, kUnwritable, errno);
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return failure(errno == EWOULDBLOCK ? Errc::Busy : Errc::Storage,
                   "another stepupd is already running on the state directory", errno);
  }
  return lock;
}

// The lock file is empty until a database was made.
Result<bool> had_database(int lock) {
  struct stat seen{};
  if (fstat(lock, &seen) != 0) return failure(Errc::Storage, kUnwritable, errno);
  return seen.st_size > 0;
}

Status note_database(int lock) {
  const auto noted = had_database(lock);
  if (!noted) return std::unexpected(noted.error());
  if (*noted) return {};
  if (pwrite(lock, "1\n", 2, 0) != 2 || fsync(lock) != 0) {
    return failure(Errc::Storage, kUnwritable, errno);
  }
  return {};
}

// Makes the database under another name first, so that a crash leaves either none or a whole one.
Status make_database(int directory, const std::string& path) {
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    (void)unlinkat(directory, (std::string(kNewDatabase) + suffix).c_str(), 0);
  }
  if (const auto made = make_own_file(directory, kNewDatabase); !made) {
    return std::unexpected(made.error());
  }
  {
    auto database = Database::open(path + "/" + kNewDatabase);
    if (!database) return std::unexpected(database.error());
    if (auto made = create_schema(*database); !made) return made;
  }
  if (renameat(directory, kNewDatabase, directory, kDatabase) != 0 || fsync(directory) != 0) {
    return failure(Errc::Storage, kUnwritable, errno);
  }
  return {};
}

// Sees to it that there is a database, and that all its files are ours alone.
Status require_database(int directory, int lock, const std::string& path,
                        Store::IfAbsent if_absent) {
  auto seen = look_at_own_file(directory, kDatabase);
  if (!seen && seen.error().code == Errc::NotFound) {
    const auto had = had_database(lock);
    if (!had) return std::unexpected(had.error());
    // A log without its database would be played into the new one.
    const auto log = look_at_own_file(directory, kWriteAheadLog);
    const bool log_absent = !log && log.error().code == Errc::NotFound;
    if (*had || !log_absent || if_absent == Store::IfAbsent::Refuse) {
      return failure(Errc::Storage, kGone);
    }
    if (auto made = make_database(directory, path); !made) return made;
    seen = look_at_own_file(directory, kDatabase);
  }
  if (!seen) return std::unexpected(seen.error());
  for (const char* name : {"stepup.db-wal", "stepup.db-shm"}) {
    const auto beside = look_at_own_file(directory, name);
    if (!beside && beside.error().code != Errc::NotFound) return std::unexpected(beside.error());
  }
  return note_database(lock);
}

constexpr const char* kSettings =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"  // every commit is fsynced before it returns
    "PRAGMA foreign_keys = ON;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA temp_store = MEMORY;";

}  // namespace

Result<Store> Store::open(const std::string& directory, const std::string& credentials_directory,
                          IfAbsent if_absent) {
  const auto home = open_own_directory(directory);
  if (!home) return std::unexpected(home.error());
  auto lock = take_lock(home->get());
  if (!lock) return std::unexpected(lock.error());
  const auto present = require_database(home->get(), lock->get(), directory, if_absent);
  if (!present) return std::unexpected(present.error());
  const std::string path = directory + "/" + kDatabase;
  if (const auto known = recognise_file(path.c_str()); !known) {
    return std::unexpected(known.error());
  }

  Store store;
  store.lock_ = std::move(*lock);
  // From here on no other descriptor of the file may be opened: closing it would drop the locks
  // that SQLite holds on it (fcntl(2)).
  auto database = Database::open(path);
  if (!database) return std::unexpected(database.error());
  store.database_ = std::move(*database);
  auto ready = examine(store.database_);
  if (ready) ready = store.database_.script(kSettings);
  if (ready) ready = migrate(store.database_, path);
  if (ready) ready = store.adopt_sealing_key(directory, credentials_directory);
  if (!ready) {
    store.database_.leave_files_alone();
    return std::unexpected(ready.error());
  }
  for (const char* name : {kDatabase, kWriteAheadLog}) {
    const auto seen = look_at_own_file(home->get(), name);
    if (!seen) return std::unexpected(seen.error());
    store.files_.push_back({directory + "/" + name, seen->st_dev, seen->st_ino});
  }
  return store;
}

Status Store::adopt_sealing_key(const std::string& directory,
                                const std::string& credentials_directory) {
  // Security keys have nothing sealed.
  const auto sealed = database_.number("SELECT count(*) FROM credential WHERE sealed_key <> x''");
  if (!sealed) return std::unexpected(sealed.error());
  key_ = load_sealing_key(directory, credentials_directory);
  if (!key_ && key_.error().code == Errc::NotFound) {
    if (*sealed == 0) {
      key_ = make_sealing_key(directory);
      if (!key_) return std::unexpected(key_.error());
    } else {
      key_ = failure(Errc::Untrusted, key_.error().what);
    }
  }
  if (!key_) return {};

  auto statement = database_.prepare("SELECT value FROM meta WHERE name = 'sealing_key_id'");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  const auto recorded = *row ? statement->bytes(0) : std::vector<std::uint8_t>();
  const std::span<const std::uint8_t> id = key_->id();
  if (std::ranges::equal(recorded, id)) return {};
  if (*sealed > 0) {
    key_ = failure(Errc::Untrusted,
                   "the sealing key (credential stepup.seal-key, or seal.key in the state "
                   "directory) is not the one that the database was sealed with");
    return {};
  }
  return database_.run(
      "INSERT INTO meta (name, value) VALUES ('sealing_key_id', ?1) "
      "ON CONFLICT (name) DO UPDATE SET value = ?1",
      id);
}

Result<Transaction> Store::begin_with(const char* sql) {
  if (unusable_) return failure(Errc::Storage, "the database must be opened anew");
  for (const Seen& file : files_) {
    struct stat now{};
    if (lstat(file.path.c_str(), &now) != 0 || now.st_dev != file.device ||
        now.st_ino != file.inode) {
      // What is written now would be lost: SQLite still holds the file that has no name any more.
      give_up();
      return failure(Errc::Storage, "the database was deleted or replaced while in use");
    }
  }
  if (const auto begun = database_.script(sql); !begun) return std::unexpected(begun.error());
  return Transaction(*this);
}

Result<Transaction> Store::begin() { return begin_with("BEGIN IMMEDIATE"); }

Result<Transaction> Store::begin_reading() { return begin_with("BEGIN"); }

Status Store::check() {
  if (auto reading = begin_reading(); !reading) return std::unexpected(reading.error());
  if (!key_) return std::unexpected(key_.error());
  return {};
}

Status Store::dismiss_notices(std::span<const ChangeNotice> shown) {
  auto transaction = begin();
  if (!transaction) return std::unexpected(transaction.error());
  for (const ChangeNotice& notice : shown) {
    if (auto removed = transaction->remove_notice(notice.id); !removed) return removed;
  }
  return transaction->commit();
}

Transaction::Transaction(Transaction&& other) noexcept
    : store_(std::exchange(other.store_, nullptr)) {}

Transaction::~Transaction() {
  if (store_ == nullptr) return;
  // It fails when SQLite has rolled back by itself.
  if (!store_->database_.script("ROLLBACK") && !store_->database_.idle()) store_->give_up();
}

Status Transaction::commit() {
  Store& store = *std::exchange(store_, nullptr);
  auto done = store.database_.script("COMMIT");
  if (!done) store.give_up();
  return done;
}

void Store::give_up() {
  unusable_ = true;
  database_.leave_files_alone();
}

}  // namespace stepup::store
