// SPDX-License-Identifier: ISC
#include <sqlite3.h>
#include <sys/stat.h>

#include <optional>
#include <string>

#include "tests/unit/enrolled_store.h"

using namespace stepup;
using namespace stepup::store;

namespace {

void run_sql(const StateDirectory& state, const char* sql) {
  sqlite3* raw = nullptr;
  LONGS_EQUAL(SQLITE_OK, sqlite3_open(state.file("stepup.db").c_str(), &raw));
  LONGS_EQUAL(SQLITE_OK, sqlite3_exec(raw, sql, nullptr, nullptr, nullptr));
  (void)sqlite3_close(raw);
}

// What lies in the schema, and its number.
std::string schema_of(const StateDirectory& state) {
  sqlite3* raw = nullptr;
  (void)sqlite3_open(state.file("stepup.db").c_str(), &raw);
  std::string all;
  const auto collect = [](void* to, int, char** column, char**) {
    static_cast<std::string*>(to)->append(column[0] == nullptr ? "" : column[0]).append("\n");
    return 0;
  };
  (void)sqlite3_exec(raw, "SELECT sql FROM sqlite_schema ORDER BY name", collect, &all, nullptr);
  (void)sqlite3_exec(raw, "PRAGMA user_version", collect, &all, nullptr);
  (void)sqlite3_close(raw);
  return all;
}

// Takes a database back to schema 4, 3, 2 or 1.
void make_old(const StateDirectory& state, int schema) {
  run_sql(state, "DROP TABLE activity; PRAGMA user_version = 4");
  if (schema == 4) return;
  run_sql(state, "DROP TABLE ssh_sk; PRAGMA user_version = 3");
  if (schema == 3) return;
  run_sql(state, "DROP TABLE fido2; DROP TABLE declared_counter; PRAGMA user_version = 2");
  if (schema == 2) return;
  run_sql(state,
          "ALTER TABLE credential DROP COLUMN pending_step;"
          "ALTER TABLE credential DROP COLUMN public_id; PRAGMA user_version = 1");
}

}  // namespace

TEST_GROUP(StoreMigration){};

TEST(StoreMigration, BringsSchemas1To4ToThisOneAndForgetsNoCounter) {
  for (const int schema : {1, 2, 3, 4}) {
    const StateDirectory state;
    std::int64_t id = 0;
    if (auto store = opened(state)) {
      id = enrol(*store);
      CHECK_TRUE(use_step(*store, id, 100).value_or(false));
    }
    const std::string now = schema_of(state);
    make_old(state, schema);
    CHECK(schema_of(state) != now);
    for (int i = 0; i < 2; ++i) {  // and a second time there is nothing to do
      auto store = opened(state);
      if (!store) return;
      const auto held = store->holdings(kAlice.uid);
      CHECK_TRUE(held.has_value());
      LONGS_EQUAL(1, held->credentials.size());
      STRCMP_EQUAL("", held->credentials[0].public_id.c_str());
      CHECK_FALSE(held->credentials[0].pending_step.has_value());
      CHECK_FALSE(use_step(*store, id, 100).value_or(true));
      auto transaction = store->begin_reading();
      CHECK_TRUE(transaction->key_of(held->credentials[0]).has_value());
    }
    STRCMP_EQUAL(now.c_str(), schema_of(state).c_str());
  }
}

TEST(StoreMigration, KeepsWhatAYubiKeyAndAnHotpDeviceHeldInSchema2) {
  const StateDirectory state;
  if (auto store = opened(state)) {
    const std::int64_t id = enrol(*store);
    auto transaction = store->begin();
    Credential yubikey = phone_of(kAlice);
    yubikey.factor = FactorKind::YubicoOtp;
    yubikey.label = "yubikey";
    yubikey.public_id = "vvccccbbbbdd";
    CHECK_TRUE(transaction->add_credential(yubikey, SecretBytes(22)).has_value());
    CHECK_TRUE(transaction->set_pending_step(id, 77).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  make_old(state, 2);
  auto store = opened(state);
  if (!store) return;
  const auto held = store->holdings(kAlice.uid);
  CHECK(held->credentials[0].pending_step == std::optional<std::uint64_t>(77));
  STRCMP_EQUAL("vvccccbbbbdd", held->credentials[1].public_id.c_str());
  CHECK_FALSE(held->credentials[1].fido2.has_value());
}

TEST(StoreMigration, TakesASecurityKeyAfterwards) {
  const StateDirectory state;
  if (auto store = opened(state)) (void)enrol(*store);
  make_old(state, 1);
  auto store = opened(state);
  if (!store) return;
  CHECK(enrol_security_key(*store) > 0);
  LONGS_EQUAL(2, store->holdings(kAlice.uid)->credentials.size());
}

TEST(StoreMigration, KeepsACopyOfTheOldDatabaseWhichAnOlderStepupdReads) {
  const StateDirectory state;
  if (auto store = opened(state)) (void)enrol(*store);
  make_old(state, 2);
  const std::string old = schema_of(state);
  state.write("stepup.db.schema-2", "left by somebody");
  CHECK_TRUE(opened(state).has_value());
  CHECK(schema_of(state) != old);
  struct stat status = {};
  LONGS_EQUAL(0, lstat(state.file("stepup.db.schema-2").c_str(), &status));
  LONGS_EQUAL(0600, status.st_mode & 0777);
  state.write("stepup.db", state.read("stepup.db.schema-2"));
  STRCMP_EQUAL(old.c_str(), schema_of(state).c_str());
  auto store = opened(state);
  if (store) LONGS_EQUAL(1, store->holdings(kAlice.uid)->credentials.size());
}

TEST(StoreMigration, LeavesADatabaseAsItIsWhenItCannotBeDone) {
  const StateDirectory state;
  if (auto store = opened(state)) (void)enrol(*store);
  make_old(state, 1);
  // The last step meets a table of its name: nothing of those before may stay.
  run_sql(state, "CREATE TABLE ssh_sk (id INTEGER)");
  const std::string before = schema_of(state);
  CHECK(Store::open(state.path(), "").error().code == Errc::Storage);
  STRCMP_EQUAL(before.c_str(), schema_of(state).c_str());
}

TEST(StoreMigration, KeepsWhatAYubiKeyAndAnHotpDeviceNeed) {
  const StateDirectory state;
  std::int64_t id = 0;
  if (auto store = opened(state)) {
    id = enrol(*store);
    auto transaction = store->begin();
    Credential yubikey = phone_of(kAlice);
    yubikey.factor = FactorKind::YubicoOtp;
    yubikey.label = "yubikey";
    yubikey.public_id = "vvccccbbbbdd";
    CHECK_TRUE(transaction->add_credential(yubikey, SecretBytes(22)).has_value());
    CHECK_TRUE(transaction->set_pending_step(id, 77).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  auto store = opened(state);
  if (!store) return;
  const auto held = store->holdings(kAlice.uid);
  CHECK(held->credentials[0].pending_step == std::optional<std::uint64_t>(77));
  STRCMP_EQUAL("vvccccbbbbdd", held->credentials[1].public_id.c_str());
  CHECK_TRUE(use_step(*store, id, 78).value_or(false));
  CHECK_FALSE(store->holdings(kAlice.uid)->credentials[0].pending_step.has_value());
}
