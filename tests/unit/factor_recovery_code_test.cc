// SPDX-License-Identifier: ISC
#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "stepupd/factor/otp_format.h"
#include "stepupd/factor/readable_code.h"
#include "stepupd/factor/recovery_code.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {
constexpr ScryptCost kCheap{4, 8, 1};
}

TEST_GROUP(FactorRecoveryCode){};

TEST(FactorRecoveryCode, MakesTenCodesOfDifferentIndexesThatReadBack) {
  const auto codes = new_recovery_codes();
  CHECK_TRUE(codes.has_value());
  LONGS_EQUAL(10, codes->size());
  std::set<std::string> indexes;
  for (const SecretBytes& code : *codes) {
    LONGS_EQUAL(kRecoverySize, code.size());
    indexes.emplace(recovery_index(code));
    const TypedAnswer read = classify_answer(printed_recovery_code(code));
    CHECK(read.form == AnswerForm::RecoveryCode);
    CHECK(read.text.text() == code.text());
  }
  LONGS_EQUAL(10, indexes.size());
}

TEST(FactorRecoveryCode, PrintsIndexAndThreeGroups) {
  const SecretBytes printed =
      printed_recovery_code(SecretBytes(std::string_view("abcdefghjkmnpq")));
  CHECK(printed.text() == "ab-cdef-ghjk-mnpq");
}

TEST(FactorRecoveryCode, MatchesItsOwnHashOnly) {
  const SecretBytes code(std::string_view("abcdefghjkmnpq"));
  const auto stored = hash_recovery_code(code, kCheap);
  CHECK_TRUE(stored.has_value());
  STRCMP_EQUAL("ab", stored->index.c_str());
  CHECK_TRUE(matches_recovery_code(*stored, code).value_or(false));
  CHECK_FALSE(matches_recovery_code(*stored, SecretBytes(std::string_view("abcdefghjkmnpr")))
                  .value_or(true));
  CHECK_FALSE(matches_recovery_code(*stored, SecretBytes()).value_or(true));
}

TEST(FactorRecoveryCode, SaltsEachHash) {
  const SecretBytes code(std::string_view("abcdefghjkmnpq"));
  const auto one = hash_recovery_code(code, kCheap);
  const auto two = hash_recovery_code(code, kCheap);
  CHECK_TRUE(one.has_value() && two.has_value());
  CHECK(one->salt != two->salt);
  CHECK(one->hash != two->hash);
}

TEST(FactorRecoveryCode, CostsSixteenMebibytesUnlessToldOtherwise) {
  const auto stored = hash_recovery_code(SecretBytes(std::string_view("abcdefghjkmnpq")));
  CHECK_TRUE(stored.has_value());
  CHECK(stored->cost == (ScryptCost{14, 8, 1}));
}

TEST(FactorRecoveryCode, RefusesACostThatOnlyADamagedRecordHas) {
  const SecretBytes code(std::string_view("abcdefghjkmnpq"));
  struct Case {
    const char* name;
    ScryptCost cost;
  };
  const Case cases[] = {
      {"no work",            {0, 8, 1}      },
      {"1 GiB",              {20, 8, 1}     },
      {"beyond every bound", {255, 255, 255}},
      {"r = 0",              {4, 0, 1}      },
      {"p = 0",              {4, 8, 0}      },
      {"p = 5",              {4, 8, 5}      },
  };
  RecoveryHash stored;
  for (const Case& c : cases) {
    stored.cost = c.cost;
    CHECK_TEXT(!matches_recovery_code(stored, code).has_value(), c.name);
    CHECK_TEXT(!hash_recovery_code(code, c.cost).has_value(), c.name);
  }
}

TEST_GROUP(FactorReadableCode){};

TEST(FactorReadableCode, ReadsWhatAPersonMakesOfIt) {
  struct Case {
    const char* name;
    std::string_view typed;
    std::string_view want;  // empty: nothing
  };
  const Case cases[] = {
      {"as printed",         "ab-cd",          "abcd"},
      {"upper case",         "AB-CD",          "abcd"},
      {"spaces for dashes",  " ab cd ",        "abcd"},
      {"dashes elsewhere",   "-a-b-c-d-",      "abcd"},
      {"o for 0",            "abcO",           "abc0"},
      {"i and l for 1",      "abIl",           "ab11"},
      {"last letter",        "zzzz",           "zzzz"},
      {"too short",          "abc",            ""    },
      {"too long",           "abcde",          ""    },
      {"nothing",            "",               ""    },
      {"only dashes",        "----",           ""    },
      {"u is no sign",       "abcu",           ""    },
      {"below the digits",   "abc/",           ""    },
      {"above the digits",   "abc:",           ""    },
      {"newline",            "abcd\n",         ""    },
      {"tab",                "ab\tcd",         ""    },
      {"NUL",                {"abc\0d", 5},    ""    },
      {"full-width letters", "ab\uff43\uff44", ""    },
      {"no-break space",     "ab\u00a0cd",     ""    },
  };
  for (const Case& c : cases) {
    const auto read = read_readable(c.typed, 4);
    CHECK_TEXT(read.has_value() == !c.want.empty(), c.name);
    if (read) CHECK_TEXT(read->text() == c.want, c.name);
  }
}

TEST(FactorReadableCode, UsesTheWholeAlphabetAndNoMore) {
  const auto code = random_readable(4096);
  CHECK_TRUE(code.has_value());
  std::set<char> seen(code->text().begin(), code->text().end());
  LONGS_EQUAL(32, seen.size());
  CHECK(std::ranges::all_of(seen, [](char c) { return kReadableAlphabet.contains(c); }));
}

TEST_GROUP(FactorOtpFormat){};

TEST(FactorOtpFormat, TellsFactorsByTheFormOfTheAnswer) {
  struct Case {
    const char* name;
    std::string typed;
    AnswerForm form;
    std::string_view text;
  };
  const Case cases[] = {
      {"six digits", "123456", AnswerForm::Digits, "123456"},
      {"eight digits", "12345678", AnswerForm::Digits, "12345678"},
      {"leading zeros", "000007", AnswerForm::Digits, "000007"},
      {"as the phone shows it", "123 456", AnswerForm::Digits, "123456"},
      {"spaces around", "  1234567 ", AnswerForm::Digits, "1234567"},
      {"recovery code", "ab-cdef-ghjk-mnpq", AnswerForm::RecoveryCode, "abcdefghjkmnpq"},
      {"recovery, by hand", "AB cdef ghjkMNPQ", AnswerForm::RecoveryCode, "abcdefghjkmnpq"},
      {"recovery, all digits", "01-2345-6789-0123", AnswerForm::RecoveryCode, "01234567890123"},
      {"empty", "", AnswerForm::None, ""},
      {"spaces", "      ", AnswerForm::None, ""},
      {"five digits", "12345", AnswerForm::None, ""},
      {"nine digits", "123456789", AnswerForm::None, ""},
      {"a sign", "-123456", AnswerForm::None, ""},
      {"a letter", "12345a", AnswerForm::None, ""},
      {"newline", "123456\n", AnswerForm::None, ""},
      {"carriage return", "123456\r", AnswerForm::None, ""},
      {"tab", "123\t456", AnswerForm::None, ""},
      {"NUL", std::string("123456\0", 7), AnswerForm::None, ""},
      {"full-width digits", "１２３４５６", AnswerForm::None, ""},
      {"Arabic digits", "١٢٣٤٥٦", AnswerForm::None, ""},
      {"a password", "correct horse", AnswerForm::None, ""},
      {"modhex", std::string(44, 'c'), AnswerForm::YubicoOtp,
       "cccccccccccccccccccccccccccccccccccccccccccc"},
      {"44 others", std::string(44, 'x'), AnswerForm::OtherLayout, ""},
      {"64 bytes", std::string(58, ' ') + "123456", AnswerForm::Digits, "123456"},
      {"65 bytes", std::string(59, ' ') + "123456", AnswerForm::None, ""},
      {"512 bytes", std::string(512, '1'), AnswerForm::None, ""},
  };
  for (const Case& c : cases) {
    const TypedAnswer read = classify_answer(SecretBytes(std::string_view(c.typed)));
    CHECK_TEXT(read.form == c.form, c.name);
    CHECK_TEXT(read.text.text() == c.text, c.name);
  }
}
