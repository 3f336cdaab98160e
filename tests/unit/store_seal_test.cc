// SPDX-License-Identifier: ISC
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/store/seal.h"
#include "tests/unit/state_directory.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::store;

namespace {

const std::string kKeyBytes(32, 'k');
const SealContext kContext{7, 1000, FactorKind::Totp, ""};

SealingKey key_from(std::string_view bytes) {
  auto key = SealingKey::derive(SecretBytes(bytes));
  CHECK_TRUE(key.has_value());
  return key ? std::move(*key) : SealingKey();
}

Errc load_error(const StateDirectory& state, const std::string& credentials = "") {
  const auto key = load_sealing_key(state.path(), credentials);
  return key ? Errc::Closed : key.error().code;  // Closed stands for success
}

}  // namespace

TEST_GROUP(StoreSeal){};

TEST(StoreSeal, OpensWhatItSealed) {
  const SealingKey key = key_from(kKeyBytes);
  for (const std::string_view secret : {"", "x", "12345678901234567890"}) {
    const auto sealed = key.seal(SecretBytes(secret), kContext);
    CHECK_TRUE(sealed.has_value());
    const auto opened = key.open(*sealed, kContext);
    CHECK_TRUE(opened.has_value());
    CHECK(opened->text() == secret);
  }
}

TEST(StoreSeal, HidesTheSecretAndNeverRepeatsItself) {
  const SealingKey key = key_from(kKeyBytes);
  const SecretBytes secret(std::string_view("12345678901234567890"));
  const auto one = key.seal(secret, kContext);
  const auto two = key.seal(secret, kContext);
  CHECK_TRUE(one.has_value() && two.has_value());
  CHECK(*one != *two);
  CHECK_FALSE(std::string(one->begin(), one->end()).contains("12345"));
}

TEST(StoreSeal, OpensForNoOtherRecord) {
  const SealingKey key = key_from(kKeyBytes);
  const auto sealed = key.seal(SecretBytes(std::string_view("secret")), kContext);
  CHECK_TRUE(sealed.has_value());
  struct Case {
    const char* name;
    SealContext context;
  };
  const Case cases[] = {
      {"another credential",    {8, 1000, FactorKind::Totp, ""}        },
      {"another uid",           {7, 1001, FactorKind::Totp, ""}        },
      {"another factor",        {7, 1000, FactorKind::RecoveryCode, ""}},
      {"another relying party", {7, 1000, FactorKind::Totp, "stepup:1"}},
  };
  for (const Case& c : cases) {
    const auto opened = key.open(*sealed, c.context);
    CHECK_TEXT(!opened.has_value(), c.name);
    if (!opened) CHECK_TEXT(opened.error().code == Errc::Untrusted, c.name);
  }
}

TEST(StoreSeal, OpensNothingThatWasChangedOrCut) {
  const SealingKey key = key_from(kKeyBytes);
  const auto sealed = key.seal(SecretBytes(std::string_view("secret")), kContext);
  CHECK_TRUE(sealed.has_value());
  for (std::size_t i = 0; i < sealed->size(); ++i) {
    std::vector<std::uint8_t> changed = *sealed;
    changed[i] ^= 1;
    CHECK_FALSE(key.open(changed, kContext).has_value());
    CHECK_FALSE(key.open(std::span(*sealed).first(i), kContext).has_value());
  }
  std::vector<std::uint8_t> longer = *sealed;
  longer.push_back(0);
  CHECK_FALSE(key.open(longer, kContext).has_value());
  CHECK_FALSE(key.open(std::vector<std::uint8_t>(5000, 1), kContext).has_value());
}

TEST(StoreSeal, OpensUnderNoOtherKey) {
  const auto sealed = key_from(kKeyBytes).seal(SecretBytes(std::string_view("secret")), kContext);
  CHECK_TRUE(sealed.has_value());
  const SealingKey other = key_from(std::string(32, 'K'));
  CHECK_FALSE(other.open(*sealed, kContext).has_value());
  CHECK(other.id() != key_from(kKeyBytes).id());
}

TEST(StoreSeal, TakesTheCredentialBeforeTheKeyInTheStateDirectory) {
  const StateDirectory state;
  const StateDirectory credentials;
  CHECK(load_error(state, credentials.path()) == Errc::NotFound);
  state.write("seal.key", std::string(32, 's'));
  credentials.write("stepup.seal-key", std::string(64, 'c'));
  CHECK(load_sealing_key(state.path(), credentials.path())->id() ==
        key_from(std::string(64, 'c')).id());
  CHECK(load_sealing_key(state.path(), "")->id() == key_from(std::string(32, 's')).id());
  std::filesystem::remove(credentials.file("stepup.seal-key"));
  CHECK(load_sealing_key(state.path(), credentials.path())->id() ==
        key_from(std::string(32, 's')).id());
}

TEST(StoreSeal, DoesNotTakeAnUnusableKeyForAnAbsentOne) {
  struct Case {
    const char* name;
    std::size_t size;
    unsigned mode;
    Errc want;
  };
  const Case cases[] = {
      {"32 bytes",              32,   0600, Errc::Closed   },
      {"4096 bytes",            4096, 0600, Errc::Closed   },
      {"31 bytes",              31,   0600, Errc::Untrusted},
      {"empty",                 0,    0600, Errc::Untrusted},
      {"4097 bytes",            4097, 0600, Errc::Untrusted},
      {"readable by the group", 32,   0640, Errc::Untrusted},
      {"writable by all",       32,   0602, Errc::Untrusted},
  };
  for (const Case& c : cases) {
    const StateDirectory state;
    state.write("seal.key", std::string(c.size, 'k'));
    std::filesystem::permissions(state.file("seal.key"), std::filesystem::perms(c.mode));
    CHECK_TEXT(load_error(state) == c.want, c.name);
  }
  const StateDirectory state;
  state.write("elsewhere", std::string(32, 'k'));
  std::filesystem::create_symlink(state.file("elsewhere"), state.file("seal.key"));
  CHECK(load_error(state) == Errc::Untrusted);
  std::filesystem::remove(state.file("seal.key"));
  std::filesystem::create_hard_link(state.file("elsewhere"), state.file("seal.key"));
  CHECK(load_error(state) == Errc::Untrusted);
  std::filesystem::remove(state.file("seal.key"));
  std::filesystem::create_directory(state.file("seal.key"));
  CHECK(load_error(state) == Errc::Untrusted);

  const StateDirectory credentials;
  credentials.write("stepup.seal-key", "short");
  std::filesystem::remove(state.file("seal.key"));
  state.write("seal.key", std::string(32, 'k'));
  CHECK(load_error(state, credentials.path()) == Errc::Untrusted);
}

TEST(StoreSeal, MakesAKeyThatOnlyItsOwnerReadsWhateverTheUmask) {
  const StateDirectory state;
  const mode_t before = umask(0777);
  const auto made = make_sealing_key(state.path());
  (void)umask(before);
  CHECK_TRUE(made.has_value());
  CHECK(std::filesystem::status(state.file("seal.key")).permissions() ==
        std::filesystem::perms(0600));
  CHECK(load_sealing_key(state.path(), "")->id() == made->id());
  CHECK_FALSE(make_sealing_key(state.file("missing")).has_value());
}
