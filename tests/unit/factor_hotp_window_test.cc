// SPDX-License-Identifier: ISC
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stepupd/factor/hotp_window.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

constexpr std::string_view kKey = "12345678901234567890";
// RFC 4226 appendix D.
constexpr const char* kCodes[] = {"755224", "287082", "359152", "969429", "338314",
                                  "254676", "287922", "162583", "399871", "520489"};

std::string code_of(std::uint64_t counter) {
  const SecretBytes key(kKey);
  const auto code = hotp(HashAlgorithm::Sha1, key.view(), counter, 6);
  if (!code) return "";
  return {code->view().begin(), code->view().end()};
}

OtpJudgement judge(const std::string& typed, const HotpState& state) {
  const auto judged = judge_hotp(HashAlgorithm::Sha1, 6, SecretBytes(kKey), typed, state);
  CHECK_TRUE(judged.has_value());
  return judged.value_or(OtpJudgement{OtpVerdict::ClockImplausible});
}

}  // namespace

TEST_GROUP(FactorHotpWindow){};

TEST(FactorHotpWindow, AcceptsTheCodesOfRfc4226AppendixDInTheirOrderAndOnce) {
  std::optional<std::uint64_t> last;
  std::uint64_t counter = 0;
  for (const char* code : kCodes) {
    const OtpJudgement judged = judge(code, {last, {}});
    CHECK(judged.verdict == OtpVerdict::Accepted);
    LONGLONGS_EQUAL(counter, judged.position);
    last = counter++;
    CHECK(judge(code, {last, {}}).verdict == OtpVerdict::Replayed);
  }
  CHECK(judge(kCodes[0], {last, {}}).verdict == OtpVerdict::Replayed);
}

TEST(FactorHotpWindow, LooksAheadAsFarAsItSays) {
  struct Case {
    const char* name;
    std::uint64_t counter;
    OtpVerdict want;
  };
  // The last accepted counter is 999, so 1000 is expected.
  const Case cases[] = {
      {"long dead",                900,  OtpVerdict::Wrong     },
      {"dead, too old to be told", 989,  OtpVerdict::Wrong     },
      {"dead",                     990,  OtpVerdict::Replayed  },
      {"the last accepted",        999,  OtpVerdict::Replayed  },
      {"expected",                 1000, OtpVerdict::Accepted  },
      {"+10",                      1010, OtpVerdict::Accepted  },
      {"+11",                      1011, OtpVerdict::NextWanted},
      {"+100",                     1100, OtpVerdict::NextWanted},
      {"+101",                     1101, OtpVerdict::Wrong     },
      {"+102",                     1102, OtpVerdict::Wrong     },
  };
  for (const Case& c : cases) {
    const OtpJudgement judged = judge(code_of(c.counter), {999, {}});
    CHECK_TEXT(judged.verdict == c.want, c.name);
    const bool told = c.want == OtpVerdict::Accepted || c.want == OtpVerdict::NextWanted;
    LONGLONGS_EQUAL_TEXT(told ? c.counter : 0, judged.position, c.name);
  }
}

TEST(FactorHotpWindow, ResynchronisesByTwoConsecutiveCodesAlone) {
  struct Case {
    const char* name;
    std::optional<std::uint64_t> pending;
    std::uint64_t counter;
    OtpVerdict want;
  };
  const Case cases[] = {
      {"the next one",            1050, 1051, OtpVerdict::Accepted  },
      {"the next one at the end", 1100, 1101, OtpVerdict::Accepted  },
      {"the same again",          1050, 1050, OtpVerdict::NextWanted},
      {"one too many",            1050, 1052, OtpVerdict::NextWanted},
      {"the one before",          1050, 1049, OtpVerdict::NextWanted},
      {"beyond the reach",        1101, 1102, OtpVerdict::Wrong     },
      {"one in the window",       1050, 1003, OtpVerdict::Accepted  },
      {"a dead one",              1050, 999,  OtpVerdict::Replayed  },
      {"nothing pending",         {},   1051, OtpVerdict::NextWanted},
  };
  for (const Case& c : cases) {
    CHECK_TEXT(judge(code_of(c.counter), {999, c.pending}).verdict == c.want, c.name);
  }
}

TEST(FactorHotpWindow, EndsAtTheLastCounterWithoutWrapping) {
  constexpr std::uint64_t kLast = kHotpLastCounter;
  CHECK(judge(code_of(kLast), {kLast - 1, {}}).verdict == OtpVerdict::Accepted);
  CHECK(judge(code_of(kLast), {kLast - 1, {}}).position == kLast);
  CHECK(judge(code_of(kLast), {kLast, {}}).verdict == OtpVerdict::Replayed);
  for (const std::uint64_t beyond : {kLast + 1, kLast + 2, std::uint64_t{0}, std::uint64_t{1}}) {
    CHECK(judge(code_of(beyond), {kLast, {}}).verdict == OtpVerdict::Wrong);
    CHECK(judge(code_of(beyond), {kLast, kLast}).verdict == OtpVerdict::Wrong);
  }
}

TEST(FactorHotpWindow, KillsBothCountersThatShareACode) {
  STRCMP_EQUAL(code_of(2386).c_str(), code_of(2394).c_str());
  CHECK(judge(code_of(2386), {2385, {}}).verdict == OtpVerdict::Accepted);
  LONGLONGS_EQUAL(2394, judge(code_of(2386), {2385, {}}).position);
}

TEST(FactorHotpWindow, TakesNothingButTheWholeCode) {
  for (const char* typed : {"", "75522", "7552240", "755225", "000000", "75522a"}) {
    CHECK_TEXT(judge(typed, {}).verdict == OtpVerdict::Wrong, typed);
  }
}

TEST(FactorHotpWindow, FailsOnParametersThatOnlyADamagedRecordHas) {
  CHECK(judge_hotp(HashAlgorithm::Sha1, 5, SecretBytes(kKey), "75522", {}).error().code ==
        Errc::Malformed);
  CHECK(judge_hotp(HashAlgorithm::Sha1, 6, SecretBytes(), "755224", {}).error().code ==
        Errc::Malformed);
}
