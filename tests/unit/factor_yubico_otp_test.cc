// SPDX-License-Identifier: ISC
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stepupd/factor/hex.h"
#include "stepupd/factor/otp_format.h"
#include "stepupd/factor/yubico_otp.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

// The vector of libyubikey's own tests: private id 8792ebfe26cc, session 0x13, use 0x11.
constexpr std::string_view kSecret = "8792ebfe26cc ecde18dbe76fbd0c33330f1c354871db";
constexpr std::string_view kPublicId = "ccccdteffuje";
constexpr std::string_view kVector = "hknhfjbrjnlnldnhcujvddbikngjrtgh";
// ykgenerate(1) with the same AES key and these private ids, counters and uses.
constexpr std::string_view k13Use10 = "entvlejriggvejblerhcncvgkeuhkjvt";
constexpr std::string_view k7fffUseff = "cergblgbiunugdcdkvdnrvnjdcfitcjn";
constexpr std::string_view kffffUseff = "dlgiunlnujddftbuuedigulvkkvekdgk";  // with Caps Lock
constexpr std::string_view kOtherPrivateId = "kdleejhvlfhlgnierlncjfrdnrfgvdtf";

SecretBytes secret() {
  auto bytes = read_hex(kSecret, kYubicoSecretBytes);
  CHECK_TRUE(bytes.has_value());
  return bytes ? std::move(*bytes) : SecretBytes();
}

std::string otp(std::string_view block) { return std::string(kPublicId) + std::string(block); }

OtpJudgement judge(std::string_view typed, std::optional<std::uint64_t> last = {}) {
  const auto read = read_yubico_otp(typed);
  CHECK_TRUE(read.has_value());
  if (!read) return {OtpVerdict::ClockImplausible};
  const auto judged = judge_yubico_otp(secret(), *read, last);
  CHECK_TRUE(judged.has_value());
  return judged.value_or(OtpJudgement{OtpVerdict::ClockImplausible});
}

AnswerForm form_of(std::string_view typed) { return classify_answer(SecretBytes(typed)).form; }

// What another keyboard layout makes of `modhex`: `image` holds what stands for cbdefghijklnrtuv.
std::string through_layout(std::string_view modhex, const std::string (&image)[16]) {
  constexpr std::string_view kModhex = "cbdefghijklnrtuv";
  std::string out;
  for (const char sign : modhex) out += image[kModhex.find(sign)];
  return out;
}

}  // namespace

TEST_GROUP(FactorYubicoOtp){};

TEST(FactorYubicoOtp, OpensTheVectorOfLibyubikey) {
  const OtpJudgement judged = judge(otp(kVector));
  CHECK(judged.verdict == OtpVerdict::Accepted);
  LONGLONGS_EQUAL(0x1311, judged.position);
  LONGLONGS_EQUAL(0x13, yubico_session(judged.position));
}

TEST(FactorYubicoOtp, CountsSessionsFirstAndUsesWithinThem) {
  struct Case {
    const char* name;
    std::string_view block;
    std::optional<std::uint64_t> last;
    OtpVerdict want;
  };
  const Case cases[] = {
      {"the first",                     kVector,                            {},       OtpVerdict::Accepted},
      {"a later use",                   kVector,                            0x1310,   OtpVerdict::Accepted},
      {"the same again",                kVector,                            0x1311,   OtpVerdict::Replayed},
      {"a lower use",                   k13Use10,                           0x1311,   OtpVerdict::Replayed},
      {"a higher session",              kVector,                            0x12ff,   OtpVerdict::Accepted},
      {"a lower session",               kVector,                            0x1400,   OtpVerdict::Replayed},
      {"the last that there is",        k7fffUseff,                         0x7ffffe, OtpVerdict::Accepted},
      {"the last again",                k7fffUseff,                         0x7fffff, OtpVerdict::Replayed},
      {"no counter wraps",              kVector,                            0x7fffff, OtpVerdict::Replayed},
      {"Caps Lock is not counted",      kffffUseff,                         0x7fffff, OtpVerdict::Replayed},
      {"Caps Lock is not in the way",   kffffUseff,                         {},       OtpVerdict::Accepted},
      {"another private id, right CRC", kOtherPrivateId,                    {},       OtpVerdict::Wrong   },
      {"noise",                         "cccccccccccccccccccccccccccccccc", {},       OtpVerdict::Wrong   },
  };
  for (const Case& c : cases) {
    CHECK_TEXT(judge(otp(c.block), c.last).verdict == c.want, c.name);
  }
  LONGLONGS_EQUAL(0x7fffff, judge(otp(kffffUseff)).position);
}

TEST(FactorYubicoOtp, FailsAsAWholeWhenOneCharacterIsChanged) {
  for (std::size_t at = kYubicoPublicIdSize; at < kYubicoOtpSize; ++at) {
    std::string changed = otp(kVector);
    changed[at] = changed[at] == 'c' ? 'b' : 'c';
    CHECK(judge(changed).verdict == OtpVerdict::Wrong);
  }
}

TEST(FactorYubicoOtp, IsReadInEitherCaseAndWithSpaces) {
  std::string upper = otp(kVector);
  std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 32); });
  CHECK(judge(upper).verdict == OtpVerdict::Accepted);
  CHECK(judge(" " + otp(kVector) + " ").verdict == OtpVerdict::Accepted);
  const auto read = read_yubico_otp(upper);
  CHECK(read && read->text() == otp(kVector));
  CHECK(read && yubico_public_id(*read) == kPublicId);
}

TEST(FactorYubicoOtp, HasFortyFourCharactersAndNoOtherNumber) {
  const std::string long_enough(64, 'c');
  for (std::size_t size = 31; size <= 64; ++size) {
    const auto form = form_of(std::string_view(long_enough).substr(0, size));
    CHECK((form == AnswerForm::YubicoOtp) == (size == 44));
    CHECK(size == 44 || form == AnswerForm::None);
  }
  CHECK(form_of(std::string(512, 'c')) == AnswerForm::None);
  CHECK(form_of(otp(kVector) + "\n") == AnswerForm::None);
}

TEST(FactorYubicoOtp, TellsAnotherKeyboardLayoutFromAWrongCode) {
  const std::string dvorak[16] = {"j", "x", "e", ".", "u", "i", "d", "c",
                                  "h", "t", "n", "b", "p", "y", "g", "k"};
  const std::string greek[16] = {"\xcf\x88", "\xce\xb2", "\xce\xb4", "\xce\xb5",
                                 "\xcf\x86", "\xce\xb3", "\xce\xb7", "\xce\xb9",
                                 "\xce\xbe", "\xce\xba", "\xce\xbb", "\xce\xbd",
                                 "\xcf\x81", "\xcf\x84", "\xce\xb8", "\xcf\x89"};
  for (const std::string_view block : {kVector, k13Use10, k7fffUseff}) {
    CHECK(form_of(through_layout(otp(block), dvorak)) == AnswerForm::OtherLayout);
    CHECK(form_of(through_layout(otp(block), greek)) == AnswerForm::OtherLayout);
  }
  struct Case {
    const char* name;
    std::string typed;
  };
  const Case cases[] = {
      {"43 characters", std::string(43, 'x')},
      {"45 characters", std::string(45, 'x')},
      {"seventeen different ones", "abcdefghijklmnopq" + std::string(27, 'a')},
      {"white space", std::string(43, 'x') + "\t"},
      {"DEL", std::string(43, 'x') + "\x7f"},
      {"a sentence", "correct horse battery staple and some more.."},
      {"nothing", ""},
  };
  for (const Case& c : cases) CHECK_TEXT(form_of(c.typed) == AnswerForm::None, c.name);
  CHECK(form_of(std::string(44, 'x')) == AnswerForm::OtherLayout);
  CHECK(form_of(std::string(44, '\x80')) == AnswerForm::None);  // not even one character
}

TEST(FactorYubicoOtp, GivesNewKeysAPublicIdOfTheirOwn) {
  const auto one = new_yubico_public_id();
  const auto two = new_yubico_public_id();
  CHECK_TRUE(one && two && *one != *two);
  LONGS_EQUAL(kYubicoPublicIdSize, one->size());
  CHECK_TRUE(one->starts_with("vv"));
  CHECK_TRUE(read_yubico_otp(*one + std::string(kVector)).has_value());
}

TEST(FactorYubicoOtp, FailsOnASecretThatOnlyADamagedRecordHas) {
  const auto read = read_yubico_otp(otp(kVector));
  for (const std::size_t size : {std::size_t{0}, kYubicoSecretBytes - 1, kYubicoSecretBytes + 1}) {
    CHECK(judge_yubico_otp(SecretBytes(size), *read, {}).error().code == Errc::Malformed);
  }
  CHECK(judge_yubico_otp(secret(), SecretBytes(43), {}).error().code == Errc::Malformed);
}

TEST_GROUP(FactorHex){};

TEST(FactorHex, IsReadAsItIsWritten) {
  const SecretBytes bytes(std::string_view("\x00\x0f\xa0\xff", 4));
  CHECK(hex(bytes.view()).text() == "000fa0ff");
  const auto read = read_hex("00 0F a0 fF", 4);
  CHECK(read && read->text() == bytes.text());
  for (const char* typed : {"", "000fa0f", "000fa0ff0", "000fa0fg", "000fa0-f", "000fa0f\n"}) {
    CHECK_FALSE(read_hex(typed, 4).has_value());
  }
}
