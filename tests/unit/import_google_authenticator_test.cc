// SPDX-License-Identifier: ISC
#include <string>
#include <string_view>

#include "stepupd/factor/hex.h"
#include "tests/unit/import_reading.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::import;

namespace {

// As google-authenticator 20191231 wrote it.
const std::string kSecret = "WCLYMOJZEJMJDRPIRGI5HDIPYA\n";
const std::string kTotp = kSecret +
                          "\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 3\n\" DISALLOW_REUSE\n"
                          "\" TOTP_AUTH\n37065753\n84469168\n";

std::string with(const char* options) { return kSecret + options; }

}  // namespace

TEST_GROUP(ImportGoogleAuthenticator){};

TEST(ImportGoogleAuthenticator, ReadsATimeBasedOneAndSaysWhatStaysBehind) {
  const auto records = parse_file(kTotp);
  STRCMP_EQUAL("", problems_of(records).c_str());
  CHECK_EQUAL(1, records->size());
  const Record& record = records->front();
  STRCMP_EQUAL("", record.user.c_str());
  CHECK(record.factor == FactorKind::Totp);
  CHECK(record.parameters == factor::TotpParameters{});
  // As base32(1) decodes it, but for the two bits that are no byte.
  CHECK(factor::hex(record.key.view()).text() == "b097863939225891c5e88991d38d0fc0");
  CHECK_FALSE(record.last_step.has_value());
  CHECK_EQUAL(2, record.remarks.size());
}

TEST(ImportGoogleAuthenticator, KeepsTheStepsThatAreUsed) {
  const auto records =
      parse_file(with("\" DISALLOW_REUSE 59000001 59000003 59000002\n"
                      "\" STEP_SIZE 60\n\" TOTP_AUTH\n\" TIME_SKEW 0\n"
                      "\" LAST0 192.0.2.7 1790000000\n"));
  STRCMP_EQUAL("", problems_of(records).c_str());
  CHECK_EQUAL(59000003, records->front().last_step.value());
  CHECK(records->front().parameters.period == std::chrono::seconds(60));
}

TEST(ImportGoogleAuthenticator, ReadsTheCounterAsThatOfTheNextCode) {
  const auto records = parse_file(with("\" HOTP_COUNTER 42\n\" TOTP_AUTH\n"));
  STRCMP_EQUAL("", problems_of(records).c_str());
  CHECK(records->front().factor == FactorKind::Hotp);
  CHECK_EQUAL(41, records->front().last_step.value());
  CHECK_TRUE(records->front().remarks.empty());
}

TEST(ImportGoogleAuthenticator, TakesTheOutermostValuesOfEachOption) {
  const auto hotp_last = [](const char* options) {
    const auto records = parse_google_authenticator(with(options));
    return records ? records->front().last_step : std::nullopt;
  };
  CHECK_EQUAL(0, hotp_last("\" HOTP_COUNTER 1\n").value());
  CHECK_EQUAL(9223372036854775806, hotp_last("\" HOTP_COUNTER 9223372036854775807\n").value());
  CHECK_EQUAL(9223372036854775807,
              hotp_last("\" TOTP_AUTH\n\" DISALLOW_REUSE 9223372036854775807\n").value());
  for (const int seconds : {1, 60}) {
    const std::string option = "\" TOTP_AUTH\n\" STEP_SIZE " + std::to_string(seconds) + "\n";
    const auto records = parse_google_authenticator(with(option.c_str()));
    CHECK_EQUAL(seconds, records->front().parameters.period.count());
  }
  const auto longest = parse_google_authenticator(std::string(103, 'z') + "\n\" TOTP_AUTH\n");
  STRCMP_EQUAL("", problems_of(longest).c_str());
  CHECK_EQUAL(kMaxSecretBytes, longest->front().key.size());
}

TEST(ImportGoogleAuthenticator, ReadsASecretAsPeopleWriteIt) {
  const auto records = parse_file("wcly moj2-EJMJDRPIRGI5HDIPYA\n\" TOTP_AUTH\n");
  STRCMP_EQUAL("", problems_of(records).c_str());
  for (const char* secret : {"az27az27az27az27", "AZ27AZ27AZ27AZ27"}) {
    const auto of_all_signs = parse_file(std::string(secret) + "\n\" TOTP_AUTH\n");
    CHECK(factor::hex(of_all_signs->front().key.view()).text() == "0675f0675f0675f0675f");
  }
  const auto other = parse_file("01280128 01280128\n\" TOTP_AUTH\n");  // O, L and B
  const auto letters = parse_file("OL2BOL2BOL2BOL2B\n\" TOTP_AUTH\n");
  CHECK(other->front().key.text() == letters->front().key.text());
  CHECK_EQUAL(kMinSecretBytes, letters->front().key.size());
}

TEST(ImportGoogleAuthenticator, NamesThePlaceOfWhatItDoesNotUnderstand) {
  const struct {
    std::string text;
    const char* want;
  } cases[] = {
      {"", "1:1: there is nothing"},
      {"\n\n", "1:1: there is nothing"},
      {"WCLYMOJZEJMJDR\n\" TOTP_AUTH\n", "1:1: the secret"},
      {"WCLYMOJZEJMJDRPIRGI5HD9PYA\n\" TOTP_AUTH\n", "1:1: the secret"},
      {std::string(104, 'A') + "\n\" TOTP_AUTH\n", "1:1: the secret"},
      {kSecret, "1:1: neither TOTP_AUTH"},
      {kTotp + "\" TIME_SKEW 3\n", "8:3: the clock"},
      {kTotp + "\" TIME_SKEW\n", "8:3: the clock"},
      {kTotp + "\" NEW_OPTION\n", "8:3: an option that"},
      {kTotp + "\" LAST10 x 1\n", "8:3: an option that"},
      {kTotp + "\" \n", "8:1: an option without"},
      {kTotp + "\" TOTP_AUTH\n", "8:3: this option stands"},
      {kTotp + "\" STEP_SIZE 0\n", "8:3: STEP_SIZE"},
      {kTotp + "\" STEP_SIZE 61\n", "8:3: STEP_SIZE"},
      {kTotp + "\" HOTP_COUNTER 0\n", "8:3: HOTP_COUNTER"},
      {kTotp + "\" HOTP_COUNTER -1\n", "8:3: HOTP_COUNTER"},
      {kTotp + "\" HOTP_COUNTER 9223372036854775808\n", "8:3: HOTP_COUNTER"},
      {with("\" TOTP_AUTH\n\" DISALLOW_REUSE 5 x\n"), "3:20: DISALLOW_REUSE"},
      {kTotp + "1234567A\n", "8:1: neither an option"},
      {kTotp + "/2345678\n", "8:1: neither an option"},
      {kTotp + "1234567\n", "8:1: neither an option"},
      {kTotp + "123456789\n", "8:1: neither an option"},
      {kTotp + "# comment\n", "8:1: neither an option"},
      {kTotp + "\"TOTP_AUTH\n", "8:1: neither an option"},
  };
  for (const auto& one : cases) {
    const auto records = parse_google_authenticator(one.text);
    CHECK_TEXT(fails_with(records, one.want), (one.want + problems_of(records)).c_str());
  }
}
