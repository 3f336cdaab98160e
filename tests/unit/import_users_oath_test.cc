// SPDX-License-Identifier: ISC
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/unit/import_reading.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::import;

namespace {

const std::string kSecret = "3132333435363738393031323334353637383930";  // of RFC 4226

std::string line(const char* before, const char* behind = "") {
  return std::string(before) + kSecret + behind + "\n";
}

}  // namespace

TEST_GROUP(ImportUsersOath){void setup() override{set_zone("UTC-1");
}
void teardown() override {
  unsetenv("TZ");
  tzset();
}
static void set_zone(const char* zone) {
  setenv("TZ", zone, 1);
  tzset();
}
}
;

TEST(ImportUsersOath, ReadsEveryType) {
  const struct {
    const char* type;
    FactorKind factor;
    int digits;
    int period;
  } cases[] = {
      {"HOTP",       FactorKind::Hotp, 6, 30},
      {"HOTP/E",     FactorKind::Hotp, 6, 30},
      {"HOTP/E/7",   FactorKind::Hotp, 7, 30},
      {"HOTP/E/8",   FactorKind::Hotp, 8, 30},
      {"HOTP/T30",   FactorKind::Totp, 6, 30},
      {"HOTP/T30/8", FactorKind::Totp, 8, 30},
      {"HOTP/T60",   FactorKind::Totp, 6, 60},
      {"HOTP/T60/7", FactorKind::Totp, 7, 60},
  };
  for (const auto& one : cases) {
    const auto records = parse_file(std::string(one.type) + " alice - " + kSecret);
    STRCMP_EQUAL_TEXT("", problems_of(records).c_str(), one.type);
    const Record& record = records->front();
    CHECK_TEXT(record.user == "alice" && record.factor == one.factor, one.type);
    CHECK_TEXT(record.key.text() == "12345678901234567890", one.type);
    CHECK_EQUAL_TEXT(one.digits, record.parameters.digits, one.type);
    CHECK_EQUAL_TEXT(one.period, record.parameters.period.count(), one.type);
    CHECK_TEXT(record.parameters.algorithm == factor::HashAlgorithm::Sha1, one.type);
    CHECK_TEXT(!record.last_step && record.remarks.empty(), one.type);
  }
}

TEST(ImportUsersOath, ReadsOddLinesThatPamOathReads) {
  const auto records =
      parse_file("# type user pin secret\n\n\t HOTP/T30\talice\t-\t" + kSecret + " \r\n" +
                 "  # another\n" + line("HOTP bob + ", "   0") + line("HOTP/E/8 bob 4711 ") +
                 "HOTP carol - 3132333435363738393A3b3C3d3E3f");
  STRCMP_EQUAL("", problems_of(records).c_str());
  CHECK_EQUAL(4, records->size());
  CHECK((*records)[0].at == (Place{3, 3}));
  CHECK_FALSE((*records)[1].last_step.has_value());
  CHECK_TRUE((*records)[1].remarks.empty());
  CHECK_EQUAL(1, (*records)[2].remarks.size());  // the PIN
  CHECK_EQUAL(15, (*records)[3].key.size());
}

TEST(ImportUsersOath, TakesTheCounterForThatOfTheLastCodeIfThereWasOne) {
  const struct {
    const char* behind;
    std::uint64_t last;
  } cases[] = {
      {" 7",                                6                  },
      {" 7 123456",                         7                  },
      {"\t7\t123456\t2026-11-24T10:00:00L", 7                  },
      {" 9223372036854775807 123456",       9223372036854775807},
  };
  for (const auto& one : cases) {
    const auto records = parse_file(line("HOTP alice - ", one.behind));
    STRCMP_EQUAL_TEXT("", problems_of(records).c_str(), one.behind);
    CHECK_EQUAL_TEXT(one.last, records->front().last_step.value(), one.behind);
  }
}

TEST(ImportUsersOath, TakesTheOutermostValuesOfEachField) {
  const std::string name(kMaxUserName, 'u');
  for (const std::size_t bytes : {kMinSecretBytes, kMaxSecretBytes}) {
    const auto records =
        parse_users_oath("HOTP " + name + " - " + std::string(bytes * 2, 'f') + "\n");
    STRCMP_EQUAL("", problems_of(records).c_str());
    CHECK_EQUAL(bytes, records->front().key.size());
    CHECK(records->front().user == name);
  }
  const auto used = [](const char* offset) {
    return parse_users_oath(line("HOTP/T30 a - ", offset) + "#");
  };
  CHECK_EQUAL(1'000'000, used(" 1000000 1 1970-01-01T01:00:00L")->front().last_step.value());
  CHECK_EQUAL(0, used(" 0 1 1970-01-01T01:00:00L")->front().last_step.value());
  CHECK_FALSE(used(" -1 1 1970-01-01T01:00:00L")->front().last_step.has_value());
  CHECK_TRUE(fails_with(used(" 1000001 1 2026-09-21T15:13:30L"), "1:55: a code was used"));
}

TEST(ImportUsersOath, FindsTheStepOfTheLastCodeInLocalTime) {
  const auto step = [](const char* type, const char* behind) {
    const auto records = parse_file(line(type, behind));
    return records ? records->front().last_step.value_or(0) : 0;
  };
  CHECK_EQUAL(1'790'000'010 / 30,
              step("HOTP/T30 a - ", " 0 123456 2026-09-21T15:13:30L"));  // one hour east
  CHECK_EQUAL(1'790'000'010 / 30 - 1, step("HOTP/T30 a - ", " -1 123456 2026-09-21T15:13:30L"));
  CHECK_EQUAL(1'790'000'010 / 60 + 2, step("HOTP/T60 a - ", " 2 123456 2026-09-21T15:13:30L"));
  set_zone("UTC");
  CHECK_EQUAL(1'790'003'610 / 30, step("HOTP/T30 a - ", " 0 123456 2026-09-21T15:13:30L"));
}

TEST(ImportUsersOath, NamesThePlaceOfWhatItDoesNotUnderstand) {
  const std::string odd_digits = "HOTP a - " + kSecret + "3";
  const std::string no_hex = "HOTP a - zz" + kSecret;
  const std::string long_one = "HOTP a - " + kSecret + kSecret + kSecret + kSecret;
  const struct {
    std::string text;
    const char* want;
  } cases[] = {
      {line("HOTP/T30/9 a - "), "1:1: a type"},
      {line("HOTP a - ") + "alice", "2:1: a type"},
      {line("HOTP a "), "1:1: not of the form"},
      {line("HOTP a - ", " 1 2 3 4"), "1:1: not of the form"},
      {odd_digits, "1:10: the secret"},
      {no_hex, "1:10: the secret"},
      {long_one, "1:10: the secret"},
      {"HOTP a - 313233343536373839", "1:10: the secret"},
      {line("HOTP a - ", " -1"), "1:51: the counter"},
      {line("HOTP a - ", " 9223372036854775808"), "1:51: the counter"},
      {line("HOTP a - ", " 99999999999999999999"), "1:51: the counter"},
      {line("HOTP/T30 a - ", " 0"), "1:55: a code was used"},
      {line("HOTP/T30 a - ", " 0 123456"), "1:55: a code was used"},
      {line("HOTP/T30 a - ", " x 123456 2026-11-24T10:00:00L"), "1:55: a code was used"},
      {line("HOTP/T30 a - ", " 0 123456 2026-11-24T10:00:00"), "1:55: a code was used"},
      {line("HOTP/T30 a - ", " 0 123456 1901-11-24T10:00:00L"), "1:55: a code was used"},
      {"HOTP " + std::string(257, 'u') + " - " + kSecret, "1:6: the user's name"},
  };
  for (const auto& one : cases) {
    const auto records = parse_file(one.text);
    CHECK_TEXT(fails_with(records, one.want), (one.want + problems_of(records)).c_str());
  }
}

TEST_GROUP(ImportFile){};

TEST(ImportFile, OfYubikeysSaysForEachWhatIsMissing) {
  const auto records =
      parse_file("# mapping\nalice:ccccccbcgujh:ccccccbcgujx\nbob\ncarol:ccccccbcgujh");
  const std::string problems = problems_of(records);
  CHECK_TRUE(problems.starts_with("2:7: of this YubiKey the private id and the AES key are miss"));
  CHECK_TRUE(problems.contains("\n2:20: not a public id"));
  CHECK_TRUE(problems.contains("\n3:1: not of the form USER:PUBLIC_ID"));
  CHECK_TRUE(problems.contains("\n4:7: of this YubiKey"));
}

TEST(ImportFile, SkipsALineOfCarriageReturnsAlone) {
  CHECK_EQUAL(1, parse_users_oath("\r\r\n" + line("HOTP a - "))->size());
  CHECK_TRUE(fails_with(parse_google_authenticator("\r \n"), "1:1: there is nothing"));
}

TEST(ImportFile, WithColonsThatIsOfNoKindGetsOneProblem) {
  for (const char* text :
       {"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n",
        "alice:x:1000:1000:Alice,,,:/home/alice:/bin/sh\nbob:x:1001:1001:,,,:/:/bin/sh\n",
        "root:*:20000:0:99999:7:::\nbin:*:20000:0:99999:7:::\n", "adm:x:4:alice,bob\n",
        "passwd: files systemd\ngroup: files\n", "alice:\n", ":\n"}) {
    const std::string problems = problems_of(parse_file(text));
    CHECK_TEXT(problems.starts_with("1:1: this begins no file of a known kind"), problems.c_str());
    CHECK_EQUAL(1, std::ranges::count(problems, '\n'));
  }
}

TEST(ImportFile, OfAnotherKindIsRefusedByItsFirstLine) {
  for (const char* text : {"root:x,y", "[[fido2]]\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n",
                           "\0x", "otpauth://totp/x?secret=AAAA\n", "HOTPX a - 00\n"}) {
    const auto records = parse_file(text);
    CHECK_TEXT(!records, text);
  }
  CHECK_TRUE(fails_with(parse_file("\n# x\n[[fido2]]\n"), "3:1: this begins no file of a known"));
}
