// SPDX-License-Identifier: ISC
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/store/store.h"
#include "tests/unit/state_directory.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::store;
namespace fs = std::filesystem;

namespace {

bool fsync_fails = false;

}  // namespace

// SQLite's fsync(2), replaced at the link boundary: a disk that loses what it was given.
extern "C" __attribute__((visibility("default"))) int fdatasync(int fd) {
  if (!fsync_fails) return static_cast<int>(syscall(SYS_fdatasync, fd));
  errno = EIO;
  return -1;
}
extern "C" __attribute__((visibility("default"))) int fsync(int fd) {
  if (!fsync_fails) return static_cast<int>(syscall(SYS_fsync, fd));
  errno = EIO;
  return -1;
}

namespace {

const Subject kAlice{1000, "alice"};

std::optional<Store> opened(const StateDirectory& state) {
  auto store = Store::open(state.path(), "");
  CHECK_TRUE(store.has_value());
  if (!store) return {};
  return std::optional<Store>(std::move(*store));
}

// What Store::open() says; Closed stands for success.
Errc open_error(const StateDirectory& state, const std::string& credentials = "") {
  const auto store = Store::open(state.path(), credentials);
  return store ? Errc::Closed : store.error().code;
}

Credential phone_of(const Subject& owner) {
  Credential credential;
  credential.owner = owner;
  credential.label = "phone";
  credential.created_at = 1'800'000'000;
  return credential;
}

// Enrols one authenticator of alice's with the key "key" and returns its id.
std::int64_t enrol(Store& store, std::string_view label = "phone") {
  auto transaction = store.begin();
  CHECK_TRUE(transaction.has_value());
  if (!transaction) return 0;
  if (transaction->recorded_name(kAlice.uid).value_or("") != kAlice.name) {
    CHECK_TRUE(transaction->replace_account(kAlice).has_value());
  }
  Credential credential = phone_of(kAlice);
  credential.label = label;
  const auto id = transaction->add_credential(credential, SecretBytes(std::string_view("key")));
  CHECK_TRUE(id.has_value());
  CHECK_TRUE(transaction->commit().has_value());
  return id.value_or(0);
}

// Uses `step` of the authenticator up to the commit.
Result<bool> use_step(Store& store, std::int64_t id, std::uint64_t step) {
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  auto fresh = transaction->advance_totp_step(id, step, 1'800'000'000);
  if (!fresh) return fresh;
  if (const auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return fresh;
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
  newer[63] = 2;  // user_version
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

TEST_GROUP(StoreTransaction) {
  StateDirectory state;
  std::optional<Store> store = opened(state);

  void teardown() override {
    fsync_fails = false;
    store.reset();
  }
  void reopen() {
    store.reset();
    auto again = Store::open(state.path(), "");
    CHECK_TRUE(again.has_value());
    if (again) store.emplace(std::move(*again));
  }
};

TEST(StoreTransaction, KeepsAnAuthenticatorWhole) {
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->replace_account(kAlice).has_value());
    Credential credential = phone_of(kAlice);
    credential.parameters = {factor::HashAlgorithm::Sha512, 8, std::chrono::seconds(60)};
    credential.last_step = 41;
    CHECK_TRUE(
        transaction
            ->add_credential(credential, SecretBytes(std::string_view("12345678901234567890")))
            .has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  reopen();
  const auto held = store->holdings(1000);
  CHECK_TRUE(held.has_value());
  LONGS_EQUAL(1, held->credentials.size());
  const Credential& credential = held->credentials[0];
  CHECK(credential.owner == kAlice);
  STRCMP_EQUAL("phone", credential.label.c_str());
  LONGLONGS_EQUAL(1'800'000'000, credential.created_at);
  CHECK_FALSE(credential.last_used_at.has_value());
  CHECK(credential.parameters ==
        (factor::TotpParameters{factor::HashAlgorithm::Sha512, 8, std::chrono::seconds(60)}));
  CHECK(credential.last_step == std::optional<std::uint64_t>(41));
  CHECK_TRUE(store->holdings(1001)->empty());
  CHECK_FALSE(state.read("stepup.db").contains("1234567890"));
}

TEST(StoreTransaction, BurnsAStepOnceAndWithItAllBefore) {
  const std::int64_t id = enrol(*store);
  CHECK_TRUE(use_step(*store, id, 100).value_or(false));
  CHECK_FALSE(use_step(*store, id, 100).value_or(true));
  CHECK_FALSE(use_step(*store, id, 99).value_or(true));
  reopen();
  CHECK_FALSE(use_step(*store, id, 100).value_or(true));
  CHECK_TRUE(use_step(*store, id, 101).value_or(false));
  CHECK_FALSE(use_step(*store, id + 1, 200).value_or(true));  // no such authenticator
}

TEST(StoreTransaction, IsUndoneWithoutCommit) {
  const std::int64_t id = enrol(*store);
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->advance_totp_step(id, 100, 0).value_or(false));
    CHECK_TRUE(transaction->remove_credential(id).has_value());
    auto moved = std::move(*transaction);
  }
  LONGS_EQUAL(1, store->holdings(1000)->credentials.size());
  CHECK_TRUE(use_step(*store, id, 100).value_or(false));
}

TEST(StoreTransaction, AcceptsNothingThatTheDiskDidNotTake) {
  const std::int64_t id = enrol(*store);
  fsync_fails = true;
  CHECK(use_step(*store, id, 100).error().code == Errc::Storage);
  fsync_fails = false;
  // The second fsync(2) of a failed page succeeds and means nothing, so there is no second try.
  CHECK(use_step(*store, id, 101).error().code == Errc::Storage);
  CHECK(store->holdings(1000).error().code == Errc::Storage);
  reopen();
  CHECK_TRUE(use_step(*store, id, 101).value_or(false));
}

TEST(StoreTransaction, AcceptsNothingOnAFullDiskAndGoesOnWhenThereIsRoom) {
  const std::int64_t id = enrol(*store);
  struct rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const struct rlimit full{1024, before.rlim_max};
  const auto old_action = signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &full);
  const auto refused = use_step(*store, id, 100);
  setrlimit(RLIMIT_FSIZE, &before);
  (void)signal(SIGXFSZ, old_action);
  CHECK(refused.error().code == Errc::Storage);
  reopen();
  CHECK_TRUE(use_step(*store, id, 100).value_or(false));
}

TEST(StoreTransaction, ReadsWhileAnotherProgramWrites) {
  const std::int64_t id = enrol(*store);
  sqlite3* other = nullptr;
  (void)sqlite3_open(state.file("stepup.db").c_str(), &other);
  LONGS_EQUAL(SQLITE_OK, sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr));
  CHECK_TRUE(store->holdings(1000).has_value());
  (void)sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  (void)sqlite3_close(other);
  CHECK_TRUE(use_step(*store, id, 100).value_or(false));
}

TEST(StoreTransaction, NoticesThatItsFileWasDeletedOrReplaced) {
  for (const char* name : {"stepup.db", "stepup.db-wal"}) {
    const StateDirectory own;
    auto running = opened(own);
    if (!running) continue;
    const std::int64_t id = enrol(*running);
    CHECK_TEXT(use_step(*running, id, 1).value_or(false), name);
    const std::string bytes = own.read(name);
    fs::remove(own.file(name));
    CHECK_TEXT(use_step(*running, id, 2).error().code == Errc::Storage, name);
    own.write(name, bytes);
    CHECK_TEXT(use_step(*running, id, 2).error().code == Errc::Storage, name);
    CHECK_TEXT(own.read(name) == bytes, name);
  }
  fs::remove_all(state.path());
  CHECK(store->holdings(1000).error().code == Errc::Storage);
}

TEST(StoreTransaction, GivesNoAuthenticatorToAnotherUidOrName) {
  const std::int64_t id = enrol(*store);
  auto transaction = store->begin();
  const Credential phone = (*transaction->credentials(1000))[0];
  Credential moved = phone;
  moved.owner.uid = 1001;
  CHECK(transaction->key_of(moved).error().code == Errc::Untrusted);
  moved = phone;
  moved.id = id + 1;
  CHECK(transaction->key_of(moved).error().code == Errc::NotFound);
  CHECK_TRUE(transaction->replace_account({1000, "mallory"}).has_value());
  CHECK_TRUE(transaction->credentials(1000)->empty());
}

TEST(StoreTransaction, RefusesTwoLabelsThatDifferInCaseOnlyAndAnOwnerWithoutAccount) {
  (void)enrol(*store);
  auto transaction = store->begin();
  Credential credential = phone_of(kAlice);
  credential.label = "PHONE";
  CHECK(transaction->add_credential(credential, SecretBytes(8)).error().code == Errc::Storage);
  CHECK(transaction->add_credential(phone_of({1001, "bob"}), SecretBytes(8)).error().code ==
        Errc::Storage);
}

TEST(StoreTransaction, SpendsARecoveryCodeOnce) {
  (void)enrol(*store);
  factor::RecoveryHash code;
  code.index = "ab";
  code.cost = {4, 8, 1};
  code.salt[0] = 3;
  code.hash[31] = 9;
  factor::RecoveryHash other = code;
  other.index = "cd";
  {
    auto transaction = store->begin();
    const std::vector<factor::RecoveryHash> codes = {code, other};
    CHECK_TRUE(transaction->replace_recovery_codes(1000, codes, 5).has_value());
    CHECK_TRUE(transaction->spend_recovery_code(1000, "ab", 7).value_or(false));
    CHECK_FALSE(transaction->spend_recovery_code(1000, "ab", 7).value_or(true));
    CHECK_FALSE(transaction->spend_recovery_code(1001, "cd", 7).value_or(true));
    CHECK_TRUE(transaction->commit().has_value());
  }
  reopen();
  auto transaction = store->begin();
  const auto used = transaction->recovery_code(1000, "ab");
  CHECK_TRUE(used.has_value() && used->has_value());
  CHECK_TRUE((*used)->used);
  CHECK((*used)->stored.salt == code.salt && (*used)->stored.hash == code.hash);
  CHECK((*used)->stored.cost == code.cost);
  CHECK_FALSE((*transaction->recovery_code(1000, "cd"))->used);
  CHECK_FALSE(transaction->recovery_code(1000, "ef")->has_value());
  const auto count = transaction->count_recovery_codes(1000);
  LONGS_EQUAL(2, count->total);
  LONGS_EQUAL(1, count->left);
  LONGLONGS_EQUAL(5, count->created_at);
  const std::vector<factor::RecoveryHash> fresh = {other};
  CHECK_TRUE(transaction->replace_recovery_codes(1000, fresh, 6).has_value());
  CHECK_FALSE(transaction->recovery_code(1000, "ab")->has_value());
}

TEST(StoreTransaction, KeepsTheNewestNoticesAndForgetsThoseShown) {
  (void)enrol(*store);
  {
    auto transaction = store->begin();
    for (int i = 0; i < 40; ++i) {
      CHECK_TRUE(transaction
                     ->add_notice(
                         1000, {0, ChangeNotice::Kind::Added, FactorKind::Totp, "phone", "root", i})
                     .has_value());
    }
    CHECK_TRUE(transaction->commit().has_value());
  }
  auto notices = store->holdings(1000)->notices;
  LONGS_EQUAL(32, notices.size());
  LONGLONGS_EQUAL(8, notices.front().at);
  LONGLONGS_EQUAL(39, notices.back().at);
  STRCMP_EQUAL("root", notices.back().actor.c_str());
  notices.pop_back();
  CHECK_TRUE(store->dismiss_notices(notices).has_value());
  LONGS_EQUAL(1, store->holdings(1000)->notices.size());
}

TEST(StoreTransaction, TakesHostileTextAsText) {
  const std::string label = "'); DROP TABLE credential; --";
  const std::int64_t id = enrol(*store, label);
  CHECK(id > 0);
  STRCMP_EQUAL(label.c_str(), store->holdings(1000)->credentials[0].label.c_str());
}
