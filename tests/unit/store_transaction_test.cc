// SPDX-License-Identifier: ISC
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/enrolled_store.h"

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

TEST(StoreTransaction, LetsOneOfTwoConnectionsBurnAStep) {
  constexpr const char* kBurn = "UPDATE credential SET last_step = 100 WHERE last_step < 100";
  const std::int64_t id = enrol(*store);
  CHECK_TRUE(use_step(*store, id, 99).value_or(false));
  sqlite3* other = nullptr;
  (void)sqlite3_open(state.file("stepup.db").c_str(), &other);
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->advance_step(id, 100, 0).value_or(false));
    LONGS_EQUAL(SQLITE_BUSY, sqlite3_exec(other, kBurn, nullptr, nullptr, nullptr));
    CHECK_TRUE(transaction->commit().has_value());
  }
  LONGS_EQUAL(SQLITE_OK, sqlite3_exec(other, kBurn, nullptr, nullptr, nullptr));
  LONGS_EQUAL(0, sqlite3_changes(other));
  (void)sqlite3_close(other);
}

TEST(StoreTransaction, RemembersABurntStepAfterBeingKilled) {
  const std::int64_t id = enrol(*store);
  CHECK_TRUE(use_step(*store, id, 100).value_or(false));
  // What a killed process leaves: the log was not copied into the database.
  const StateDirectory left;
  for (const char* name : {"stepup.db", "stepup.db-wal", "seal.key", "lock"}) {
    left.write(name, state.read(name));
  }
  auto after = opened(left);
  if (after) CHECK_FALSE(use_step(*after, id, 100).value_or(true));
  if (after) CHECK_TRUE(use_step(*after, id, 101).value_or(false));
}

TEST(StoreTransaction, IsUndoneWithoutCommit) {
  const std::int64_t id = enrol(*store);
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->advance_step(id, 100, 0).value_or(false));
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
