// SPDX-License-Identifier: ISC
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stepupd/factor/bytes_of.h"
#include "stepupd/factor/hotp.h"
#include "stepupd/factor/totp.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

constexpr std::string_view kSeed =
    "1234567890123456789012345678901234567890123456789012345678901234";
// A whole number of steps after the earliest plausible time.
constexpr std::int64_t kNoon = kEarliestPlausibleTime + 3000;

std::string code_of(HashAlgorithm algorithm, std::string_view key, std::uint64_t counter,
                    int digits) {
  const auto code = hotp(algorithm, bytes_of(key), counter, digits);
  if (!code) return "failed";
  const auto view = code->view();
  return {view.begin(), view.end()};
}

std::string code_at(const TotpParameters& parameters, std::int64_t unix_seconds) {
  return code_of(parameters.algorithm, kSeed.substr(0, key_size_of(parameters.algorithm)),
                 totp_step(parameters, unix_seconds), parameters.digits);
}

OtpJudgement judge(std::string_view typed, std::int64_t unix_seconds,
                   std::optional<std::uint64_t> last_step = {}, TotpParameters parameters = {}) {
  const SecretBytes key(kSeed.substr(0, key_size_of(parameters.algorithm)));
  const auto judged = judge_totp(parameters, key, typed, unix_seconds, last_step);
  CHECK_TRUE(judged.has_value());
  return judged ? *judged : OtpJudgement{};
}

}  // namespace

TEST_GROUP(FactorHotp){};

TEST(FactorHotp, GivesTheCodesOfRfc4226AppendixD) {
  const std::array<const char*, 10> codes = {"755224", "287082", "359152", "969429", "338314",
                                             "254676", "287922", "162583", "399871", "520489"};
  for (std::uint64_t counter = 0; counter < codes.size(); ++counter) {
    STRCMP_EQUAL(codes[counter],
                 code_of(HashAlgorithm::Sha1, kSeed.substr(0, 20), counter, 6).c_str());
  }
}

TEST(FactorHotp, RefusesParametersOutsideTheStandard) {
  struct Case {
    const char* name;
    int digits;
    std::string_view key;
    HashAlgorithm algorithm;
    bool good;
  };
  const Case cases[] = {
      {"six digits",          6,  kSeed, HashAlgorithm::Sha1,           true },
      {"eight digits",        8,  kSeed, HashAlgorithm::Sha512,         true },
      {"five digits",         5,  kSeed, HashAlgorithm::Sha1,           false},
      {"nine digits",         9,  kSeed, HashAlgorithm::Sha1,           false},
      {"negative digits",     -1, kSeed, HashAlgorithm::Sha1,           false},
      {"an empty key",        6,  "",    HashAlgorithm::Sha1,           false},
      {"algorithm 0",         6,  kSeed, static_cast<HashAlgorithm>(0), false},
      {"algorithm past last", 6,  kSeed, static_cast<HashAlgorithm>(4), false},
  };
  for (const Case& c : cases) {
    CHECK_TEXT(hotp(c.algorithm, bytes_of(c.key), 1, c.digits).has_value() == c.good, c.name);
  }
}

TEST(FactorHotp, CountsToTheEndOfItsCounterWithoutWrapping) {
  const std::string last = code_of(HashAlgorithm::Sha1, kSeed.substr(0, 20), ~std::uint64_t{0}, 8);
  CHECK(last != code_of(HashAlgorithm::Sha1, kSeed.substr(0, 20), 0, 8));
  LONGS_EQUAL(8, last.size());
}

TEST(FactorHotp, MakesKeysAsLongAsTheHash) {
  LONGS_EQUAL(20, key_size_of(HashAlgorithm::Sha1));
  LONGS_EQUAL(32, key_size_of(HashAlgorithm::Sha256));
  LONGS_EQUAL(64, key_size_of(HashAlgorithm::Sha512));
  LONGS_EQUAL(64, key_size_of(static_cast<HashAlgorithm>(0)));
}

TEST_GROUP(FactorTotp){};

TEST(FactorTotp, GivesTheCodesOfRfc6238AppendixB) {
  struct Case {
    std::int64_t unix_seconds;
    const char* sha1;
    const char* sha256;
    const char* sha512;
  };
  const Case cases[] = {
      {59,          "94287082", "46119246", "90693936"},
      {1111111109,  "07081804", "68084774", "25091201"},
      {1111111111,  "14050471", "67062674", "99943326"},
      {1234567890,  "89005924", "91819424", "93441116"},
      {2000000000,  "69279037", "90698825", "38618901"},
      {20000000000, "65353130", "77737706", "47863826"},
  };
  for (const Case& c : cases) {
    STRCMP_EQUAL(c.sha1, code_at({HashAlgorithm::Sha1, 8}, c.unix_seconds).c_str());
    STRCMP_EQUAL(c.sha256, code_at({HashAlgorithm::Sha256, 8}, c.unix_seconds).c_str());
    STRCMP_EQUAL(c.sha512, code_at({HashAlgorithm::Sha512, 8}, c.unix_seconds).c_str());
  }
}

TEST(FactorTotp, TakesTheCodesOfOneStepBeforeAndAfter) {
  struct Case {
    const char* name;
    std::int64_t step;
    OtpVerdict want;
  };
  const Case cases[] = {
      {"two steps before", -2, OtpVerdict::Wrong   },
      {"one step before",  -1, OtpVerdict::Accepted},
      {"now",              0,  OtpVerdict::Accepted},
      {"one step after",   1,  OtpVerdict::Accepted},
      {"two steps after",  2,  OtpVerdict::Wrong   },
  };
  for (const Case& c : cases) {
    const auto judged = judge(code_at({}, kNoon + 30 * c.step), kNoon);
    CHECK_TEXT(judged.verdict == c.want, c.name);
    if (c.want == OtpVerdict::Accepted) {
      LONGS_EQUAL(totp_step({}, kNoon) + static_cast<std::uint64_t>(c.step), judged.position);
    }
  }
}

TEST(FactorTotp, TreatsEveryStepUpToTheLastAcceptedOneAsDead) {
  const std::uint64_t now = totp_step({}, kNoon);
  struct Case {
    const char* name;
    std::int64_t step;
    std::uint64_t last_step;
    OtpVerdict want;
  };
  const Case cases[] = {
      {"the same code again",                  0,  now,     OtpVerdict::Replayed},
      {"an unused code before an accepted",    -1, now,     OtpVerdict::Replayed},
      {"the code after the accepted",          1,  now,     OtpVerdict::Accepted},
      {"now, after the step before",           0,  now - 1, OtpVerdict::Accepted},
      {"now, after the step to come",          0,  now + 1, OtpVerdict::Replayed},
      {"outside the window, whatever is dead", 2,  now,     OtpVerdict::Wrong   },
  };
  for (const Case& c : cases) {
    CHECK_TEXT(judge(code_at({}, kNoon + 30 * c.step), kNoon, c.last_step).verdict == c.want,
               c.name);
  }
}

TEST(FactorTotp, KillsBothStepsThatShareACode) {
  constexpr std::int64_t kFirstOfTwo = 2'292'228;  // found by search
  const std::int64_t at = kNoon + 30 * kFirstOfTwo;
  STRCMP_EQUAL("235522", code_at({}, at).c_str());
  STRCMP_EQUAL("235522", code_at({}, at + 30).c_str());
  LONGS_EQUAL(totp_step({}, at) + 1, judge(code_at({}, at), at).position);
}

TEST(FactorTotp, NamesAClockThatCannotBeRight) {
  const std::uint64_t now = totp_step({}, kNoon);
  struct Case {
    const char* name;
    std::int64_t unix_seconds;
    std::optional<std::uint64_t> last_step;
    OtpVerdict want;
  };
  const Case cases[] = {
      {"this build",                       kEarliestPlausibleTime,     {},      OtpVerdict::Accepted        },
      {"a second before this build",       kEarliestPlausibleTime - 1, {},      OtpVerdict::ClockImplausible},
      {"1970",                             0,                          {},      OtpVerdict::ClockImplausible},
      {"before 1970",                      -1,                         {},      OtpVerdict::ClockImplausible},
      {"2038-01-19",                       2147483648,                 {},      OtpVerdict::Accepted        },
      {"year 9999",                        253402300799,               {},      OtpVerdict::Accepted        },
      {"one step behind the accepted",     kNoon,                      now + 1, OtpVerdict::Replayed        },
      {"two steps behind the accepted",    kNoon,                      now + 2, OtpVerdict::ClockImplausible},
      {"set back an hour after a success", kNoon - 3600 + 600,         now,     OtpVerdict::ClockImplausible},
  };
  for (const Case& c : cases) {
    CHECK_TEXT(judge(c.unix_seconds < 0 ? "123456" : code_at({}, c.unix_seconds), c.unix_seconds,
                     c.last_step)
                       .verdict == c.want,
               c.name);
  }
}

TEST(FactorTotp, TakesNothingButTheWholeCode) {
  const std::string code = code_at({}, kNoon);
  for (const std::string& typed : {std::string(), code.substr(1), code + "0", " " + code,
                                   std::string(6, '\0'), std::string(500, '0')}) {
    CHECK(judge(typed, kNoon).verdict == OtpVerdict::Wrong);
  }
}

TEST(FactorTotp, FollowsItsPeriodDigitsAndAlgorithm) {
  for (const HashAlgorithm algorithm :
       {HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512}) {
    const TotpParameters parameters{algorithm, 7, std::chrono::seconds(60)};
    const std::string code = code_at(parameters, kNoon);
    LONGS_EQUAL(7, code.size());
    CHECK(judge(code, kNoon + 60, {}, parameters).verdict == OtpVerdict::Accepted);
    CHECK(judge(code, kNoon + 120, {}, parameters).verdict == OtpVerdict::Wrong);
  }
}

TEST(FactorTotp, FailsOnParametersThatOnlyADamagedRecordHas) {
  const SecretBytes key(kSeed);
  CHECK_FALSE(
      judge_totp({HashAlgorithm::Sha1, 6, std::chrono::seconds(0)}, key, "123456", kNoon, {})
          .has_value());
  CHECK_FALSE(judge_totp({HashAlgorithm::Sha1, 9}, key, "123456789", kNoon, {}).has_value());
  CHECK_FALSE(judge_totp({}, SecretBytes(), "123456", kNoon, {}).has_value());
}
