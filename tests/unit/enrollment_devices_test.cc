// SPDX-License-Identifier: ISC
// Enrolment of HOTP devices and YubiKeys.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/daemon/credential_rows.h"
#include "stepupd/daemon/enrollment.h"
#include "stepupd/daemon/otp_verification.h"
#include "stepupd/factor/hex.h"
#include "stepupd/factor/hotp.h"
#include "tests/unit/state_directory.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using namespace std::chrono_literals;

namespace {

const Subject kAlice{1000, "alice"};
const Now kNow{factor::kEarliestPlausibleTime + 3000, 1h, "boot-1"};
constexpr std::string_view kVector = "ccccdteffujehknhfjbrjnlnldnhcujvddbikngjrtgh";  // 0x13, 0x11

SecretBytes code_of(const PendingAuthenticator& pending, std::uint64_t counter) {
  const auto code = factor::hotp(pending.parameters.algorithm, pending.key.view(), counter,
                                 pending.parameters.digits);
  return code ? SecretBytes(code->view()) : SecretBytes();
}

SecretBytes text(std::string_view typed) { return SecretBytes(typed); }

}  // namespace

TEST_GROUP(EnrollmentOfDevices) {
  StateDirectory state;
  std::optional<store::Store> store;

  void setup() override {
    auto opened = store::Store::open(state.path(), "");
    CHECK_TRUE(opened.has_value());
    if (opened) store.emplace(std::move(*opened));
  }
  void teardown() override { store.reset(); }

  PendingAuthenticator prepared(FactorKind factor, const char* replace = "") {
    auto pending = prepare_authenticator(*store, kAlice, "web1", {factor, "", replace, {}});
    CHECK_TRUE(pending.has_value());
    return pending ? std::move(*pending) : PendingAuthenticator();
  }
  // The YubiKey of libyubikey's test vector, proved with it.
  PendingAuthenticator existing_yubikey(const char* replace = "") {
    PendingAuthenticator pending = prepared(FactorKind::YubicoOtp, replace);
    keep_yubikey_secret(pending, *factor::read_hex("8792ebfe26cc", 6),
                        *factor::read_hex("ecde18dbe76fbd0c33330f1c354871db", 16));
    CHECK(prove_authenticator(pending, text(kVector), kNow) == Proof::Good);
    return pending;
  }
  std::optional<EnrollRefusal> commit(const PendingAuthenticator& pending) {
    const auto done = commit_enrollment(*store, kAlice, &pending, nullptr, nullptr, "alice", kNow);
    if (done) return {};
    return done.error().refusal;
  }
  AnswerOutcome outcome(const SecretBytes& answer) {
    const auto judged = verify_answer(*store, kAlice, Origin::Self, answer, kNow, {});
    CHECK_TRUE(judged.has_value());
    return judged ? judged->outcome : AnswerOutcome::NotACode;
  }
};

TEST(EnrollmentOfDevices, HandsOutAnHotpKeyThatBeginsAtZero) {
  PendingAuthenticator hotp = prepared(FactorKind::Hotp);
  STRCMP_EQUAL("hotp", hotp.label.c_str());
  LONGS_EQUAL(20, hotp.key.size());
  CHECK(hotp.otpauth_uri.text().starts_with("otpauth://hotp/web1:alice?secret="));
  CHECK(hotp.otpauth_uri.text().ends_with("&issuer=web1&algorithm=SHA1&digits=6&counter=0"));
  CHECK(prove_authenticator(hotp, text(""), kNow) == Proof::Wrong);
  CHECK(prove_authenticator(hotp, text(kVector), kNow) == Proof::Wrong);
  CHECK(prove_authenticator(hotp, code_of(hotp, 11), kNow) == Proof::Wrong);
  CHECK_FALSE(hotp.proved_step.has_value());
  CHECK(commit(hotp) == EnrollRefusal::Failed);
  CHECK(prove_authenticator(hotp, code_of(hotp, 0), kNow) == Proof::Good);
  CHECK(!commit(hotp));
  CHECK(outcome(code_of(hotp, 0)) == AnswerOutcome::Replayed);
  CHECK(outcome(code_of(hotp, 1)) == AnswerOutcome::Accepted);
  const auto rows = list_credentials(*store, kAlice, {});
  CHECK((*rows)[0].factor == FactorKind::Hotp);
  STRCMP_EQUAL("SHA1, 6 digits, counter 1", (*rows)[0].details.c_str());
}

TEST(EnrollmentOfDevices, GivesAYubiKeyASecretOfItsOwn) {
  const PendingAuthenticator one = prepared(FactorKind::YubicoOtp);
  const PendingAuthenticator two = prepared(FactorKind::YubicoOtp);
  STRCMP_EQUAL("yubikey", one.label.c_str());
  LONGS_EQUAL(22, one.key.size());
  LONGS_EQUAL(12, one.public_id.size());
  CHECK(one.public_id != two.public_id);
  CHECK(one.key.text() != two.key.text());
  CHECK_TRUE(one.otpauth_uri.empty());
}

TEST(EnrollmentOfDevices, TakesAYubiKeyWithTheSecretThatItHolds) {
  const PendingAuthenticator yubikey = existing_yubikey();
  STRCMP_EQUAL("ccccdteffuje", yubikey.public_id.c_str());
  CHECK(!commit(yubikey));
  CHECK(outcome(text(kVector)) == AnswerOutcome::Replayed);
  const auto rows = list_credentials(*store, kAlice, {});
  CHECK((*rows)[0].factor == FactorKind::YubicoOtp);
  STRCMP_EQUAL("id ccccdteffuje, session 19", (*rows)[0].details.c_str());
  CHECK(store->holdings(kAlice.uid)->notices[0].factor == FactorKind::YubicoOtp);
  CHECK_FALSE(state.read("stepup.db-wal").contains("\xec\xde\x18\xdb"));  // sealed
}

TEST(EnrollmentOfDevices, WantsACodeOfTheSecretThatWasHandedOut) {
  PendingAuthenticator yubikey = prepared(FactorKind::YubicoOtp);
  CHECK(prove_authenticator(yubikey, text(kVector), kNow) == Proof::Wrong);
  CHECK(prove_authenticator(yubikey, text("123456"), kNow) == Proof::Wrong);
  CHECK(prove_authenticator(yubikey, text(std::string(44, 'x')), kNow) == Proof::OtherLayout);
  // The right secret under another public id is another slot's or another key's.
  PendingAuthenticator programmed = existing_yubikey();
  programmed.public_id = "vvccccbbbbdd";
  CHECK(prove_authenticator(programmed, text(kVector), kNow) == Proof::Wrong);
  CHECK(commit(yubikey) == EnrollRefusal::Failed);
}

TEST(EnrollmentOfDevices, TakesTheSameYubiKeyOnlyInPlaceOfItself) {
  CHECK(!commit(existing_yubikey()));
  // Two records of one key would let one code count twice.
  CHECK(commit(existing_yubikey()) == EnrollRefusal::KeyTaken);
  LONGS_EQUAL(1, store->holdings(kAlice.uid)->credentials.size());
  CHECK(!commit(existing_yubikey("yubikey")));
  LONGS_EQUAL(1, store->holdings(kAlice.uid)->credentials.size());
}

TEST(EnrollmentOfDevices, MakesANewSecurityKeyForTheRelyingPartyOfImportedOnes) {
  const auto hold = [this](const char* label, const char* rp_id, const char* format) {
    PendingAuthenticator pending;
    pending.factor = FactorKind::Fido2;
    pending.label = label;
    pending.proved_step = 0;
    pending.rp_id = rp_id;
    store::Fido2Key& key = pending.fido2.emplace();
    key.rp_id = rp_id;
    key.attestation_format = format;
    key.credential = {
        {static_cast<std::uint8_t>(label[0])},
        {factor::CoseAlgorithm::EdDsa, std::vector<std::uint8_t>(32, 9)},
        0
    };
    CHECK_TRUE(
        commit_enrollment(*store, kAlice, &pending, nullptr, nullptr, "root", kNow).has_value());
  };
  STRCMP_EQUAL("", prepared(FactorKind::Fido2).rp_id.c_str());
  hold("a", "pam://host", "");
  STRCMP_EQUAL("pam://host", prepared(FactorKind::Fido2).rp_id.c_str());
  STRCMP_EQUAL("", prepared(FactorKind::Fido2, "a").rp_id.c_str());
  STRCMP_EQUAL("", prepared(FactorKind::Totp).rp_id.c_str());
  hold("b", "pam://host", "packed");
  STRCMP_EQUAL("pam://host", prepared(FactorKind::Fido2).rp_id.c_str());
  STRCMP_EQUAL("", prepared(FactorKind::Fido2, "a").rp_id.c_str());
  CHECK_EQUAL(2, prepared(FactorKind::Fido2).excluded.size());
  CHECK_FALSE(store->begin_reading()->recorded_rp_id()->has_value());
  hold("c", "stepup:host", "packed");  // the keys of one alone are asked for
  STRCMP_EQUAL("", prepared(FactorKind::Fido2).rp_id.c_str());
}
