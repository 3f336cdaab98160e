// SPDX-License-Identifier: ISC
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>

#include "stepupd/daemon/grant_ledger.h"
#include "stepupd/daemon/grant_memory.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using namespace std::chrono_literals;

namespace {

constexpr const char* kBoot = "3f1c0c6e-1111-2222-3333-444455556666";

policy::Grant grant_for(uid_t subject, std::uint64_t session) {
  policy::Grant grant;
  grant.where = {
      subject, {SessionKey::Kind::Audit, session},
       Scope::Tty, 0x8801, 42, 7, 100, 9
  };
  grant.scope = Scope::Session;
  grant.level = Level::Otp;
  grant.factor = FactorKind::RecoveryCode;
  grant.credential_id = 5;
  grant.auth_time = 123456ms;
  grant.used_in_session = 234567ms;
  grant.used_on_tty = 200000ms;
  return grant;
}

Login login_of(uid_t subject, std::uint64_t session) {
  Login login;
  login.where = grant_for(subject, session).where;
  login.at = 123456ms;
  login.service = "sshd";
  login.source = std::string(kMaxLoginSource, 'h');
  login.tty = "ssh";
  login.methods = 0x0181;
  login.key[0] = 1;
  login.key[31] = 2;
  login.proof = {Level::TouchWithUv, FactorKind::Fido2, 9, 123400ms};
  return login;
}

bool same(const policy::Grant& a, const policy::Grant& b) {
  return a.where == b.where && a.scope == b.scope && a.level == b.level && a.factor == b.factor &&
         a.credential_id == b.credential_id && a.auth_time == b.auth_time &&
         a.used_in_session == b.used_in_session && a.used_on_tty == b.used_on_tty;
}

// What systemd does over a restart: keeps the descriptor while the process goes.
UniqueFd stored(const GrantMemory& memory) {
  return UniqueFd(fcntl(memory.fd(), F_DUPFD_CLOEXEC, 3));
}

}  // namespace

TEST_GROUP(GrantMemoryOfBoot) {
  UniqueFd kept;  // the descriptor in the fd store

  void teardown() override { kept.reset(); }

  GrantLedger started(const char* boot = kBoot) {
    auto memory =
        GrantMemory::open(UniqueFd(kept ? fcntl(kept.get(), F_DUPFD_CLOEXEC, 3) : -1), boot, 5s);
    CHECK(memory.has_value());
    kept = stored(*memory);
    GrantLedger ledger;
    ledger.adopt(std::move(*memory));
    return ledger;
  }
};

TEST(GrantMemoryOfBoot, ARestartForgetsNoGrantAndNoPartOfIt) {
  {
    started().add(grant_for(1000, 3));
  }
  const GrantLedger after = started();
  UNSIGNED_LONGS_EQUAL(1, after.of(1000).size());
  CHECK(same(after.of(1000)[0], grant_for(1000, 3)));
}

TEST(GrantMemoryOfBoot, ARestartForgetsNoLoginAndNoPartOfIt) {
  Login ended = login_of(1001, 4);
  {
    GrantLedger ledger = started();
    ledger.add(grant_for(1000, 3));
    CHECK_TRUE(ledger.open_login(login_of(1000, 3)));
    CHECK_TRUE(ledger.open_login(ended));
    CHECK_TRUE(ledger.open_login(login_of(1002, 5)));
    ledger.forget_subject(1001);
    ledger.close_session({SessionKey::Kind::Audit, 5});
  }
  const GrantLedger after = started();
  UNSIGNED_LONGS_EQUAL(2, after.logins().all().size());
  CHECK(*after.logins().find({SessionKey::Kind::Audit, 3}) == login_of(1000, 3));
  ended.counts = false;
  CHECK(*after.logins().find({SessionKey::Kind::Audit, 4}) == ended);
  UNSIGNED_LONGS_EQUAL(1, after.of(1000).size());
}

TEST(GrantMemoryOfBoot, WhatWasRevokedStaysRevokedAfterARestart) {
  {
    GrantLedger ledger = started();
    for (std::uint64_t session = 1; session <= 4; ++session) ledger.add(grant_for(1000, session));
    ledger.add(grant_for(1001, 1));
    ledger.forget_session({SessionKey::Kind::Audit, 2});
  }
  {
    GrantLedger ledger = started();
    UNSIGNED_LONGS_EQUAL(3, ledger.of(1000).size());
    ledger.forget_subject(1000);
  }
  {
    GrantLedger ledger = started();
    UNSIGNED_LONGS_EQUAL(0, ledger.of(1000).size());
    UNSIGNED_LONGS_EQUAL(1, ledger.of(1001).size());
    ledger.forget_all();
  }
  UNSIGNED_LONGS_EQUAL(0, started().all().size());
}

TEST(GrantMemoryOfBoot, AFreedSlotIsUsedAgain) {
  {
    GrantLedger ledger = started();
    for (int i = 0; i < 1000; ++i) {
      ledger.add(grant_for(1000, 3));
      CHECK_TRUE(ledger.open_login(login_of(1000, 3)));
      ledger.close_session({SessionKey::Kind::Audit, 3});
    }
  }
  struct stat status{};
  LONGS_EQUAL(0, fstat(kept.get(), &status));
  CHECK(status.st_size < 4096);
}

TEST(GrantMemoryOfBoot, AnotherBootForgetsEverything) {
  {
    started().add(grant_for(1000, 3));
  }
  UNSIGNED_LONGS_EQUAL(0, started("3f1c0c6e-9999-2222-3333-444455556666").all().size());
  UNSIGNED_LONGS_EQUAL(0, started().all().size());
}

TEST(GrantMemoryOfBoot, ARestartKnowsWhenAGrantWasLastUsed) {
  policy::Grant used = grant_for(1000, 3);
  {
    GrantLedger ledger = started();
    ledger.add(used);
    ledger.note_use(used.where, 300s);
  }
  used.used_in_session = used.used_on_tty = 300s;
  const GrantLedger after = started();
  CHECK(same(after.of(1000)[0], used));
}

TEST(GrantMemoryOfBoot, WhatAnotherVersionWroteIsForgotten) {
  {
    started().add(grant_for(1000, 3));
  }
  constexpr std::uint64_t kOlder = 2;  // of the header, behind its magic
  LONGS_EQUAL(sizeof kOlder, pwrite(kept.get(), &kOlder, sizeof kOlder, 8));
  CHECK(started().all().empty());
}

TEST(GrantMemoryOfBoot, ARecordWithAnyFlippedByteIsGone) {
  {
    started().add(grant_for(1000, 3));
  }
  struct stat status{};
  LONGS_EQUAL(0, fstat(kept.get(), &status));
  std::string whole(static_cast<std::size_t>(status.st_size), '\0');
  LONGS_EQUAL(status.st_size, pread(kept.get(), whole.data(), whole.size(), 0));
  for (std::size_t i = whole.size() - 256; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    LONGS_EQUAL(status.st_size, pwrite(kept.get(), damaged.data(), damaged.size(), 0));
    CHECK(started().all().empty());
  }
  LONGS_EQUAL(status.st_size, pwrite(kept.get(), whole.data(), whole.size(), 0));
  UNSIGNED_LONGS_EQUAL(1, started().all().size());
}

TEST(GrantMemoryOfBoot, ARecordCutShortIsGone) {
  {
    started().add(grant_for(1000, 3));
  }
  struct stat status{};
  LONGS_EQUAL(0, fstat(kept.get(), &status));
  LONGS_EQUAL(0, ftruncate(kept.get(), status.st_size - 1));
  CHECK(started().all().empty());
}

TEST(GrantMemoryOfBoot, F35ASuspendForgetsEverythingAlsoAcrossARestart) {
  {
    started().add(grant_for(1000, 3));
  }
  {
    GrantLedger ledger = started();
    CHECK_FALSE(ledger.forget_if_slept(5s + 999ms));
    UNSIGNED_LONGS_EQUAL(1, ledger.of(1000).size());
  }
  {
    GrantLedger ledger = started();
    CHECK_TRUE(ledger.forget_if_slept(8s));
    UNSIGNED_LONGS_EQUAL(0, ledger.of(1000).size());
    CHECK_FALSE(ledger.forget_if_slept(8s));
  }
  CHECK_FALSE(started().forget_if_slept(8s));
}

TEST(GrantMemoryOfBoot, TheJournalsKeyStaysOverARestartAndGoesWithTheBoot) {
  const auto key_of = [this](const char* boot) {
    auto memory =
        GrantMemory::open(UniqueFd(kept ? fcntl(kept.get(), F_DUPFD_CLOEXEC, 3) : -1), boot, 5s);
    CHECK(memory.has_value());
    kept = stored(*memory);
    return memory->journal_key();
  };
  const auto first = key_of(kBoot);
  CHECK(first != factor::Sha256Digest{});
  started().add(grant_for(1000, 3));
  CHECK_TRUE(started().forget_if_slept(8s));
  CHECK(key_of(kBoot) == first);
  CHECK(key_of("3f1c0c6e-9999-2222-3333-444455556666") != first);
}

TEST(GrantMemoryOfBoot, ADescriptorThatIsNoMemoryIsRefused) {
  UniqueFd null(open("/dev/full", O_RDWR | O_CLOEXEC));
  CHECK_FALSE(GrantMemory::open(std::move(null), kBoot, 5s).has_value());
}
