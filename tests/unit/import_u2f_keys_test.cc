// SPDX-License-Identifier: ISC
#include <string>
#include <string_view>

#include "tests/unit/import_reading.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::import;

namespace {

// As pamu2fcfg 1.1.0 printed them.
constexpr std::string_view kHandle = "bN92DJPBv84tq0La+dBELftg1aT0qz3hft/l9FdJYSs=";
constexpr std::string_view kPoint =
    "yApptfR3JhBXk5R9lIF0uKziqAvvQ0K4lzBsY/Jgyu4hmtAfb3yEolenDVQJZb/"
    "i7R8qJJWCbkQ3tM1xnZ6gKw==";
constexpr std::string_view kRsa =
    "qpsuB+29lIlv2XaMXzkOIEisEBMQOiIGFT8Y+Cj9AoExxjaN3LdiO7cPItkmQHhWlZMgNKrFQXV60aypbNRyB3kvdPHD"
    "YJ+ClUHlIAISlBKmYgOkYmuku8GnUpBOx1ZDLaxRGbnYqxS1JqZ3hwPrKfaZvJAxjpBjZovU8gA3V2tbTXDtpd2Gx6ww"
    "kebJV6gu4RU3SnVichLzPGnA0fbaZmJ/MzglZLXb/rersYVbFVFQ3miabnAUHKpiewi/PKDe1MG2ANKp6JqQ8EYsCraG"
    "wfh3NbkmZkWFwQSsWSJDHn6iS2igVe2BxQvUFdEmWiJnwM9HnJFlgAKOtzE1ZY13RwEAAQ==";
constexpr std::string_view kEd25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
// The same point in the old form, whose handles are base 64 for URLs, without padding.
constexpr std::string_view kOldHandle = "bN92DJPBv84tq0La-dBELftg1aT0qz3hft_l9FdJYSs";
constexpr std::string_view kOldPoint =
    "04c80a69b5f47726105793947d948174b8ace2a80bef4342b897306c63f260caee219ad01f6f7c84a257a70d540965"
    "bfe2ed1f2a2495826e4437b4cd719d9ea02b";

std::string key(std::string_view handle, std::string_view point, std::string_view rest) {
  return std::string(handle).append(",").append(point).append(rest);
}

std::string line(std::string_view user, const std::string& keys) {
  return std::string(user).append(":").append(keys);
}

const std::string kGood = line("alice", key(kHandle, kPoint, ",es256,+presence"));

}  // namespace

TEST_GROUP(ImportU2fKeys){};

TEST(ImportU2fKeys, ReadsEachAlgorithmAndItsAttributes) {
  struct Case {
    std::string_view point;
    std::string_view rest;
    factor::CoseAlgorithm algorithm;
    bool uv_required;
    std::size_t remarks;
  };
  using enum factor::CoseAlgorithm;
  const Case cases[] = {
      {kPoint,   ",es256,+presence",                  Es256, false, 0},
      {kPoint,   ",es256,",                           Es256, false, 1},
      {kPoint,   ",es256",                            Es256, false, 1},
      {kPoint,   ",es256,+presence+pin",              Es256, true,  0},
      {kPoint,   ",es256,+presence+verification+pin", Es256, true,  0},
      {kPoint,   ",es256,+verification",              Es256, true,  1},
      {kRsa,     ",rs256,+presence",                  Rs256, false, 0},
      {kEd25519, ",eddsa,+presence+verification",     EdDsa, true,  0},
  };
  for (const Case& one : cases) {
    const auto records = parse_file(line("alice", key(kHandle, one.point, one.rest)) + "\n");
    STRCMP_EQUAL_TEXT("", problems_of(records).c_str(), one.rest.data());
    CHECK_EQUAL_TEXT(1, records->size(), one.rest.data());
    const Record& record = records->front();
    STRCMP_EQUAL_TEXT("alice", record.user.c_str(), one.rest.data());
    CHECK_TEXT(record.factor == FactorKind::Fido2 && record.key.empty(), one.rest.data());
    CHECK_TEXT(record.security_key->credential.public_key.algorithm == one.algorithm,
               one.rest.data());
    CHECK_EQUAL_TEXT(32, record.security_key->credential.id.size(), one.rest.data());
    CHECK_EQUAL_TEXT(one.uv_required, record.security_key->uv_required, one.rest.data());
    CHECK_EQUAL_TEXT(one.remarks, record.remarks.size(), one.rest.data());
  }
}

TEST(ImportU2fKeys, ReadsTheOldFormAsTheSameKey) {
  const auto old_form = parse_file(line("alice", key(kOldHandle, kOldPoint, "")));
  STRCMP_EQUAL("", problems_of(old_form).c_str());
  const auto new_form = parse_file(kGood);
  const auto& a = old_form->front().security_key->credential;
  const auto& b = new_form->front().security_key->credential;
  CHECK(a.id == b.id);
  CHECK(a.public_key == b.public_key);
  CHECK_TRUE(old_form->front().remarks.empty());
}

TEST(ImportU2fKeys, ReadsSeveralKeysOfSeveralUsersPastCommentsAndBlankLines) {
  const std::string second = key("AQID", kEd25519, ",eddsa,+presence");
  const auto records =
      parse_file("# keys\n\n" + kGood + ":" + second + "\r\n" + line("bob", second) + ":\n");
  STRCMP_EQUAL("", problems_of(records).c_str());
  CHECK_EQUAL(3, records->size());
  STRCMP_EQUAL("alice", (*records)[1].user.c_str());
  STRCMP_EQUAL("bob", (*records)[2].user.c_str());
  CHECK((*records)[1].at == (Place{3, static_cast<std::uint32_t>(kGood.size() + 2)}));
  CHECK((*records)[2].at == (Place{4, 5}));
}

TEST(ImportU2fKeys, TakesAPointWithThePrefixOfAnUncompressedOne) {
  const auto records = parse_file(line(
      "alice", key(kHandle,
                   "BMgKabX0dyYQV5OUfZSBdLis4qgL70NCuJcwbGPyYMruIZrQH298hKJXpw1UCWW/4u0fKiSVgm5EN7"
                   "TNcZ2eoCs=",
                   ",es256,+presence")));
  STRCMP_EQUAL("", problems_of(records).c_str());
  CHECK_EQUAL(64, records->front().security_key->credential.public_key.key.size());
}

TEST(ImportU2fKeys, TakesNoFirstByteOfAnotherTypeForAPrefix) {
  const auto records = parse_u2f_keys(
      line("a", key(kHandle, "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=", ",eddsa,+presence")));
  STRCMP_EQUAL("", problems_of(records).c_str());
  CHECK_EQUAL(32, records->front().security_key->credential.public_key.key.size());
}

TEST(ImportU2fKeys, TakesTheLongestKeyHandle) {
  const std::string longest(1364, 'A');  // 1023 bytes
  const auto records = parse_u2f_keys(line("a", key(longest, kPoint, ",es256,+presence")));
  CHECK_EQUAL(1023, records->front().security_key->credential.id.size());
  CHECK_TRUE(fails_with(parse_u2f_keys(line("a", key(longest + "AA", kPoint, ",es256,+presence"))),
                        "1:3: the key handle"));
}

TEST(ImportU2fKeys, NamesThePlaceOfWhatItDoesNotUnderstand) {
  const std::string other_point = std::string(kPoint.substr(0, kPoint.size() - 4)) + "AA==";
  const struct {
    std::string text;
    const char* want;
  } cases[] = {
      {line("a", key(kHandle, other_point, ",es256,+presence")), "1:48: no public key"},
      {line("a", key(kHandle, kPoint, ",eddsa,+presence")), "1:48: no public key"},
      {line("a", key(kHandle, kPoint, ",ES256,+presence")), "1:137: the type"},
      {line("a", key(kHandle, kPoint, ",es256,+presence+x")), "1:153: the attributes"},
      {line("a", key(kHandle, kPoint, ",es256,presence")), "1:143: the attributes"},
      {line("a", key(kHandle, kPoint, ",es256,+pin+pin")), "1:148: the attributes"},
      {line("a", key(kHandle, kPoint, ",es256,+pin,x")), "1:3: a key has"},
      {line("a", key("*", kPoint, ",es256,+presence")), "1:3: a discoverable credential"},
      {line("a", key("!", kPoint, ",es256,+presence")), "1:3: the key handle"},
      {line("a", key(std::string(1400, 'A'), kPoint, ",es256,")), "1:3: the key handle"},
      {line("a", key(kHandle, "!", ",es256,+presence")), "1:48: the public key is not"},
      {line("a", key(kOldHandle, "05", "")), "1:47: the public key of the"},
      {line("a", key(kOldHandle, "05" + std::string(kOldPoint.substr(2)), "")),
       "1:47: the public key of the"},
      {line("a", "AQID") + ":x,y", "1:3: a key has"},
      {line("", key(kHandle, kPoint, ",es256,+presence")), "1:1: no user"},
      {kGood + "\nbob", "2:1: not of the form"},
      {kGood + "\n" + line(std::string(256, 'u'), "AQID"), "2:258: a key has"},
      {kGood + "\nbob:", "2:4: no key"},
      {kGood + "\n" + kGood, "2:1: this user has an earlier"},
      {kGood + "\n" + line(std::string(257, 'u'), "AQID,x"), "2:1: not of the form"},
      {kGood + std::string("\0\n", 2), "1:156: a NUL byte"},
  };
  for (const auto& one : cases) {
    const auto records = parse_u2f_keys(one.text);
    CHECK_TEXT(fails_with(records, one.want), (one.want + problems_of(records)).c_str());
  }
}

TEST(ImportU2fKeys, TellsEveryProblemUpToABound) {
  std::string text;
  for (int i = 0; i < 3; ++i) text += "u" + std::to_string(i) + ":*,x,es256,\n";
  CHECK_EQUAL(3, parse_u2f_keys(text).error().size());
  for (int i = 3; i < 200; ++i) text += "u" + std::to_string(i) + ":*,x,es256,\n";
  CHECK_EQUAL(kMaxProblems, parse_u2f_keys(text).error().size());
}

TEST(ImportU2fKeys, RefusesMoreThanItHolds) {
  const std::string one = ":" + key("AQID", kEd25519, ",eddsa,+presence");
  std::string text = "alice";
  for (std::size_t i = 0; i < kMaxRecords; ++i) text += one;
  CHECK_EQUAL(kMaxRecords, parse_u2f_keys(text)->size());
  CHECK_TRUE(problems_of(parse_u2f_keys(text + one)).contains("more than 1000 credentials"));
}
