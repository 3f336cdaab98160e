// SPDX-License-Identifier: ISC
// HOTP devices and YubiKeys, and what is typed by people who hold several.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stepupd/daemon/otp_verification.h"
#include "stepupd/daemon/standing.h"
#include "stepupd/factor/hex.h"
#include "stepupd/factor/hotp.h"
#include "tests/unit/state_directory.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using namespace std::chrono_literals;
using enum AnswerOutcome;

namespace {

const Subject kAlice{1000, "alice"};
constexpr std::string_view kKey = "12345678901234567890";
constexpr std::string_view kPhoneKey = "another key of 20 by";
constexpr std::int64_t kNoon = factor::kEarliestPlausibleTime + 3000;
const Now kNow{kNoon, 1h, "boot-1"};

constexpr std::string_view kPublicId = "vvccccbbbbdd";
constexpr std::string_view kYubiSecret = "8792ebfe26ccecde18dbe76fbd0c33330f1c354871db";
// ykgenerate(1): session 0x13, use 0x10; libyubikey's vector: session 0x13, use 0x11; the last
// there is; another private id with session 0x14.
constexpr std::string_view k13Use10 = "entvlejriggvejblerhcncvgkeuhkjvt";
constexpr std::string_view k13Use11 = "hknhfjbrjnlnldnhcujvddbikngjrtgh";
constexpr std::string_view k7fffUseff = "cergblgbiunugdcdkvdnrvnjdcfitcjn";
constexpr std::string_view kOtherPrivateId = "kdleejhvlfhlgnierlncjfrdnrfgvdtf";

std::string code_of(std::string_view key, std::uint64_t counter, int digits = 6) {
  const SecretBytes bytes(key);
  const auto code = factor::hotp(factor::HashAlgorithm::Sha1, bytes.view(), counter, digits);
  if (!code) return "";
  return {code->view().begin(), code->view().end()};
}

std::string press(std::uint64_t counter) { return code_of(kKey, counter); }
std::string phone_now() { return code_of(kPhoneKey, factor::totp_step({}, kNoon)); }
std::string touch(std::string_view block, std::string_view public_id = kPublicId) {
  return std::string(public_id) + std::string(block);
}

}  // namespace

TEST_GROUP(OtpDevices) {
  StateDirectory state;
  std::optional<store::Store> store;
  Limits limits;

  void setup() override { open(); }
  void teardown() override { store.reset(); }

  void open() {
    store.reset();
    auto opened = store::Store::open(state.path(), "");
    CHECK_TRUE(opened.has_value());
    if (opened) store.emplace(std::move(*opened));
  }
  void enrol(FactorKind factor, const char* label, const SecretBytes& key, int digits = 6) {
    auto transaction = store->begin();
    if (!*transaction->recorded_name(kAlice.uid)) {
      CHECK_TRUE(transaction->replace_account(kAlice).has_value());
    }
    store::Credential credential;
    credential.owner = kAlice;
    credential.factor = factor;
    credential.label = label;
    credential.parameters.digits = digits;
    if (factor == FactorKind::YubicoOtp) credential.public_id = kPublicId;
    CHECK_TRUE(transaction->add_credential(credential, key).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  void enrol_hotp() { enrol(FactorKind::Hotp, "fob", SecretBytes(kKey)); }
  void enrol_phone() { enrol(FactorKind::Totp, "phone", SecretBytes(kPhoneKey)); }
  void enrol_yubikey() {
    enrol(FactorKind::YubicoOtp, "yubikey", *factor::read_hex(kYubiSecret, kYubiSecret.size() / 2));
  }
  AnswerResult type(const std::string& answer, Origin origin = Origin::Self) {
    auto result =
        verify_answer(*store, kAlice, origin, SecretBytes(std::string_view(answer)), kNow, limits);
    CHECK_TRUE(result.has_value());
    return result ? *result : AnswerResult{};
  }
  AnswerOutcome outcome(const std::string& answer) { return type(answer).outcome; }
  int failures(FactorKind factor, Origin origin = Origin::Self) {
    auto transaction = store->begin_reading();
    return transaction->failures({kAlice.uid, factor, origin})->count;
  }
  store::Credential held() { return store->holdings(kAlice.uid)->credentials.front(); }
};

TEST(OtpDevices, UseACounterOnceAndAllBeforeItWithIt) {
  enrol_hotp();
  const AnswerResult result = type(press(4));
  CHECK(result.outcome == Accepted);
  CHECK(result.factor == FactorKind::Hotp);
  STRCMP_EQUAL("fob", result.label.c_str());
  open();
  for (const std::uint64_t dead : {4U, 3U, 0U}) CHECK(outcome(press(dead)) == Replayed);
  CHECK(outcome(press(15)) == Accepted);  // +10 after 5, which was expected
}

TEST(OtpDevices, DoNotMoveByFailedGuesses) {
  enrol_hotp();
  limits.max_failures = 1000;
  CHECK(outcome(press(0)) == Accepted);
  for (int i = 0; i < 50; ++i) CHECK(outcome("000000") == Wrong);
  for (const std::uint64_t ahead : {20U, 30U, 40U}) CHECK(outcome(press(ahead)) == NextWanted);
  CHECK(held().last_step == std::optional<std::uint64_t>(0));
  CHECK(outcome(press(1)) == Accepted);
}

TEST(OtpDevices, AreResynchronisedByTwoConsecutiveCodes) {
  enrol_hotp();
  CHECK(outcome(press(0)) == Accepted);
  CHECK(outcome(press(12)) == NextWanted);  // +11
  LONGS_EQUAL(1, failures(FactorKind::Hotp));
  open();  // it is remembered over a restart
  const AnswerResult result = type(press(13));
  CHECK(result.outcome == Accepted);
  LONGS_EQUAL(0, failures(FactorKind::Hotp));
  CHECK(held().last_step == std::optional<std::uint64_t>(13));
  CHECK_FALSE(held().pending_step.has_value());
  CHECK(outcome(press(12)) == Replayed);
  CHECK(outcome(press(14)) == Accepted);
}

TEST(OtpDevices, AreNotResynchronisedWithAnAnswerBetween) {
  enrol_hotp();
  limits.max_failures = 1000;
  CHECK(outcome(press(0)) == Accepted);
  CHECK(outcome(press(50)) == NextWanted);
  CHECK(outcome("000000") == Wrong);
  CHECK(outcome(press(51)) == NextWanted);  // the first of two again
  CHECK(outcome(press(0)) == Replayed);
  CHECK(outcome(press(52)) == NextWanted);
  CHECK(outcome(press(52)) == NextWanted);
  CHECK(outcome(press(53)) == Accepted);
}

TEST(OtpDevices, DoNotAdvanceWhileLocked) {
  enrol_hotp();
  CHECK(outcome(press(50)) == NextWanted);
  for (int i = 0; i < 4; ++i) (void)type("000000");
  CHECK(outcome(press(0)) == LockedOut);
  CHECK_FALSE(held().last_step.has_value());
}

TEST(OtpDevices, JudgeDigitsAsTotpAndThenAsHotp) {
  enrol_hotp();
  enrol_phone();
  STRCMP_EQUAL("phone", type(phone_now()).label.c_str());
  STRCMP_EQUAL("fob", type(press(0)).label.c_str());
  LONGS_EQUAL(0, failures(FactorKind::Totp));  // what one of them accepts is no miss of the other
  CHECK(outcome(phone_now()) == Replayed);
  CHECK(outcome(press(0)) == Replayed);
  CHECK(outcome(press(30)) == NextWanted);
}

TEST(OtpDevices, CountAMissOnceForEachFactorWhoseFormItHas) {
  enrol_hotp();
  enrol_phone();
  enrol(FactorKind::Hotp, "long", SecretBytes(kKey), 8);
  enrol_yubikey();
  CHECK(outcome("000000") == Wrong);
  LONGS_EQUAL(1, failures(FactorKind::Totp));
  LONGS_EQUAL(1, failures(FactorKind::Hotp));
  CHECK(outcome("00000000") == Wrong);
  LONGS_EQUAL(1, failures(FactorKind::Totp));
  LONGS_EQUAL(2, failures(FactorKind::Hotp));
  CHECK(outcome("0000000") == NotACode);
  CHECK(outcome(touch("cccccccccccccccccccccccccccccccc")) == Wrong);
  LONGS_EQUAL(1, failures(FactorKind::YubicoOtp));
  CHECK(type("000000", Origin::Sshd).outcome == Wrong);
  auto transaction = store->begin_reading();
  LONGS_EQUAL(1, transaction->foreign_failures(kAlice.uid, 20)->size());
}

TEST(OtpDevices, LeaveAFactorToTryWhileAnotherIsLocked) {
  enrol_hotp();
  enrol_phone();
  for (int i = 0; i < 4; ++i) CHECK(type("000000").locked_for == 0ms);
  CHECK(outcome(press(0)) == Accepted);     // HOTP begins anew, TOTP stands at four
  CHECK(type("000000").locked_for == 0ms);  // TOTP is locked now, and HOTP is not
  LONGS_EQUAL(5, failures(FactorKind::Totp));
  CHECK(outcome(phone_now()) == Wrong);  // not looked at as TOTP
  LONGS_EQUAL(5, failures(FactorKind::Totp));
  CHECK(outcome(press(1)) == Accepted);
  for (int i = 0; i < 4; ++i) CHECK(type("000000").locked_for == 0ms);
  CHECK(type("000000").locked_for == 30s);
  CHECK(outcome(press(2)) == LockedOut);
  CHECK(standing_of(*store, kAlice, Origin::Self, kNow, limits, {})->locked_for == 30s);
}

TEST(OtpDevices, TakeHotpWhileTheClockCannotBeRight) {
  enrol_phone();
  enrol_hotp();
  const Now unset{0, 1h, "boot-1"};
  const auto type_then = [&](const std::string& answer) {
    return verify_answer(*store, kAlice, Origin::Self, SecretBytes(std::string_view(answer)), unset,
                         limits)
        ->outcome;
  };
  CHECK(type_then("000000") == Wrong);
  CHECK(type_then(press(0)) == Accepted);
}

TEST(OtpDevices, AcceptATouchOnceAndNoneBeforeIt) {
  enrol_yubikey();
  const AnswerResult result = type(touch(k13Use11));
  CHECK(result.outcome == Accepted);
  CHECK(result.factor == FactorKind::YubicoOtp);
  STRCMP_EQUAL("yubikey", result.label.c_str());
  open();
  CHECK(outcome(touch(k13Use11)) == Replayed);
  CHECK(outcome(touch(k13Use10)) == Replayed);  // the same session, a lower use
  CHECK(outcome(touch(k7fffUseff)) == Accepted);
  CHECK(outcome(touch(k7fffUseff)) == Replayed);
  CHECK(outcome(touch(k13Use11)) == Replayed);  // a lower session
}

TEST(OtpDevices, TellAnotherKeyAndAnotherLayoutApart) {
  enrol_yubikey();
  CHECK(outcome(touch(k13Use11, "vvccccbbbbde")) == Wrong);  // another public id
  CHECK(outcome(touch(kOtherPrivateId)) == Wrong);           // the CRC is right
  LONGS_EQUAL(2, failures(FactorKind::YubicoOtp));
  CHECK(outcome(std::string(44, 'x')) == OtherLayout);
  LONGS_EQUAL(2, failures(FactorKind::YubicoOtp));
  CHECK(outcome("123456") == NotACode);
}

TEST(OtpDevices, MeanNothingToSomebodyWhoHoldsNone) {
  enrol_phone();
  for (int i = 0; i < 6; ++i) {
    CHECK(outcome(touch(k13Use11)) == NotACode);
    CHECK(outcome(std::string(44, 'x')) == NotACode);
  }
}

TEST(OtpDevices, FailWithoutTheSealingKey) {
  enrol_yubikey();
  enrol_hotp();
  store.reset();
  state.write("seal.key", std::string(32, 'x'));
  open();
  for (const std::string& answer : {touch(k13Use11), press(0)}) {
    const auto result = verify_answer(*store, kAlice, Origin::Self,
                                      SecretBytes(std::string_view(answer)), kNow, limits);
    CHECK(result.error().code == Errc::Untrusted);
  }
}
