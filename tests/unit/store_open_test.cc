// SPDX-License-Identifier: ISC
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/store/schema.h"
#include "tests/unit/enrolled_store.h"

using namespace stepup;
using namespace stepup::store;
namespace fs = std::filesystem;

namespace {

// What Store::open() says; Closed stands for success.
Errc open_error(const StateDirectory& state, const std::string& credentials = "") {
  const auto store = Store::open(state.path(), credentials);
  return store ? Errc::Closed : store.error().code;
}

void run_sql(const StateDirectory& state, const char* sql) {
  sqlite3* raw = nullptr;
  LONGS_EQUAL(SQLITE_OK, sqlite3_open(state.file("stepup.db").c_str(), &raw));
  LONGS_EQUAL(SQLITE_OK, sqlite3_exec(raw, sql, nullptr, nullptr, nullptr));
  (void)sqlite3_close(raw);
}

}  // namespace

TEST_GROUP(StoreOpen){};

TEST(StoreOpen, MakesFilesThatOnlyTheirOwnerReadsWhateverTheUmask) {
  for (const mode_t mask : {0U, 0777U}) {
    const StateDirectory state;
    const mode_t before = umask(mask);
    {
      auto store = opened(state);
      if (store) (void)enrol(*store);
      for (const char* name : {"stepup.db", "stepup.db-wal", "stepup.db-shm", "seal.key", "lock"}) {
        CHECK_TEXT(
            (fs::status(state.file(name)).permissions() & fs::perms(0177)) == fs::perms::none,
            name);
      }
    }
    (void)umask(before);
    CHECK(open_error(state) == Errc::Closed);
  }
}

TEST(StoreOpen, RefusesADirectoryThatIsMissingOrNotItsOwn) {
  const StateDirectory state;
  CHECK(Store::open(state.file("missing"), "").error().code == Errc::NotFound);
  CHECK_FALSE(fs::exists(state.file("missing")));
  state.write("file", "");
  CHECK(Store::open(state.file("file"), "").error().code == Errc::Untrusted);
  fs::create_directory(state.file("real"));
  fs::permissions(state.file("real"), fs::perms(0700));
  fs::create_directory_symlink(state.file("real"), state.file("link"));
  CHECK(Store::open(state.file("link"), "").error().code == Errc::Untrusted);
  fs::permissions(state.path(), fs::perms(0710));
  CHECK(open_error(state) == Errc::Untrusted);
}

TEST(StoreOpen, RefusesFilesThatSomebodyElseMayHavePlanted) {
  for (const char* name : {"stepup.db", "stepup.db-wal", "lock"}) {
    const StateDirectory state;
    if (auto store = opened(state)) (void)enrol(*store);
    state.write("elsewhere", "");
    std::error_code ignored;
    fs::remove(state.file(name), ignored);
    fs::create_symlink(state.file("elsewhere"), state.file(name));
    CHECK_TEXT(open_error(state) == Errc::Untrusted, name);
    LONGS_EQUAL_TEXT(0, state.read("elsewhere").size(), name);
  }
  const StateDirectory state;
  (void)opened(state);
  fs::permissions(state.file("stepup.db"), fs::perms(0640));
  CHECK(open_error(state) == Errc::Untrusted);
  fs::permissions(state.file("stepup.db"), fs::perms(0600));
  fs::create_hard_link(state.file("stepup.db"), state.file("other"));
  CHECK(open_error(state) == Errc::Untrusted);
}

TEST(StoreOpen, SaysThatAnotherDaemonIsAlreadyRunning) {
  const StateDirectory state;
  {
    auto first = opened(state);
    CHECK(open_error(state) == Errc::Busy);
    if (first) CHECK_TRUE(first->begin().has_value());
  }
  CHECK(open_error(state) == Errc::Closed);
}

TEST(StoreOpen, RefusesADamagedOrNewerDatabaseAndLeavesItAsItIs) {
  const StateDirectory good;
  std::int64_t id = 0;
  if (auto store = opened(good)) {
    id = enrol(*store);
    CHECK_TRUE(use_step(*store, id, 100).value_or(false));
  }
  const std::string whole = good.read("stepup.db");
  CHECK(whole.size() > 4 * 4096);
  struct Case {
    const char* name;
    std::string bytes;
  };
  std::vector<Case> cases = {
      {"zero length", ""},
      {"cut within the header", whole.substr(0, 60)},
      {"another kind of file", std::string(20000, 'x')},
      {"wrong magic", "X" + whole.substr(1)},
  };
  for (std::size_t size = 4096; size < whole.size(); size += 4096) {
    cases.push_back({"cut after a page", whole.substr(0, size)});
  }
  for (std::size_t at = 0; at < whole.size(); at += 4096) {
    std::string zeroed = whole;
    zeroed.replace(at, 4096, 4096, '\0');
    cases.push_back({"a page of zeros", zeroed});
  }
  std::string newer = whole;
  newer[63] = static_cast<char>(kSchema + 1);  // user_version
  cases.push_back({"a newer schema", newer});
  std::string foreign = whole;
  foreign[68] = 'X';  // application_id
  cases.push_back({"another application's", foreign});
  for (const Case& c : cases) {
    good.write("stepup.db", c.bytes);
    CHECK_TEXT(open_error(good) == Errc::Storage, c.name);
    CHECK_TEXT(good.read("stepup.db") == c.bytes, c.name);
  }
  good.write("stepup.db", whole);
  if (auto store = opened(good)) CHECK_FALSE(use_step(*store, id, 100).value_or(true));
}

TEST(StoreOpen, RefusesRecordsThatBreakTheRules) {
  const StateDirectory state;
  if (auto store = opened(state)) (void)enrol(*store);
  run_sql(state, "PRAGMA ignore_check_constraints = ON; UPDATE credential SET digits = 3");
  CHECK(open_error(state) == Errc::Storage);
}

TEST(StoreOpen, NeverMakesANewDatabaseForOneThatIsGone) {
  const StateDirectory state;
  if (auto store = opened(state)) (void)enrol(*store);
  fs::remove(state.file("stepup.db"));
  CHECK(open_error(state) == Errc::Storage);
  CHECK_FALSE(fs::exists(state.file("stepup.db")));
  const StateDirectory empty;
  CHECK(Store::open(empty.path(), "", Store::IfAbsent::Refuse).error().code == Errc::Storage);
  empty.write("stepup.db-wal", "left behind");
  CHECK(open_error(empty) == Errc::Storage);
}

TEST(StoreOpen, BeginsAnewAfterACrashWhileItWasMade) {
  const StateDirectory state;
  state.write("lock", "");
  state.write("stepup.db.new", "half");
  state.write("stepup.db.new-journal", "half");
  state.write("seal.key.new", "half");
  CHECK(open_error(state) == Errc::Closed);
  CHECK_FALSE(fs::exists(state.file("stepup.db.new-journal")));
}

TEST(StoreOpen, GoesOnWithoutTheSealingKeyButOpensNoSecret) {
  struct Case {
    const char* name;
    std::optional<std::string> key;
  };
  const Case cases[] = {
      {"missing", {}},
      {"another", std::string(32, 'x')},
      {"short", std::string("x")},
  };
  for (const Case& c : cases) {
    const StateDirectory state;
    std::int64_t id = 0;
    if (auto store = opened(state)) id = enrol(*store);
    const std::string key = state.read("seal.key");
    fs::remove(state.file("seal.key"));
    if (c.key) state.write("seal.key", *c.key);
    {
      auto store = opened(state);
      if (!store) continue;
      Credential phone = phone_of(kAlice);
      phone.id = id;
      CHECK_TEXT(store->check().error().code == Errc::Untrusted, c.name);
      auto transaction = store->begin();
      CHECK_TRUE(transaction.has_value());
      CHECK_TEXT(transaction->key_of(phone).error().code == Errc::Untrusted, c.name);
      CHECK_TEXT(std::string_view(transaction->key_of(phone).error().what).contains("sealing key"),
                 c.name);
      phone.label = "other";
      CHECK_TEXT(transaction->add_credential(phone, SecretBytes(8)).error().code == Errc::Untrusted,
                 c.name);
      LONGS_EQUAL_TEXT(1, transaction->credentials(1000)->size(), c.name);
    }
    CHECK_TEXT(fs::exists(state.file("seal.key")) == c.key.has_value(), c.name);
    state.write("seal.key", key);
    auto store = opened(state);
    if (!store) continue;
    auto transaction = store->begin_reading();
    CHECK_TEXT(transaction->key_of((*transaction->credentials(1000))[0])->text() == "key", c.name);
  }
}

TEST(StoreOpen, TakesAnotherSealingKeyWhenNothingIsSealed) {
  const StateDirectory state;
  std::int64_t id = 0;
  if (auto store = opened(state)) {
    id = enrol(*store);
    auto transaction = store->begin();
    CHECK_TRUE(transaction->remove_credential(id).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  const StateDirectory credentials;
  credentials.write("stepup.seal-key", std::string(32, 'c'));
  {
    auto store = Store::open(state.path(), credentials.path());
    CHECK_TRUE(store.has_value());
    CHECK(enrol(*store) > id);  // an id is never given again
  }
  auto store = opened(state);  // now without the credential: seal.key is the wrong one
  auto transaction = store->begin_reading();
  CHECK_FALSE(transaction->key_of((*transaction->credentials(1000))[0]).has_value());
}

TEST(StoreOpen, MakesNoKeyBesideACredentialThatCannotBeUsed) {
  const StateDirectory state;
  const StateDirectory credentials;
  credentials.write("stepup.seal-key", "short");
  CHECK(open_error(state, credentials.path()) == Errc::Closed);
  CHECK_FALSE(fs::exists(state.file("seal.key")));
}
