// SPDX-License-Identifier: ISC
#include <algorithm>
#include <cstddef>
#include <string>

#include "stepupd/base/printable.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;

TEST_GROUP(BasePrintable){};

TEST(BasePrintable, KeepsOnlyWhatCannotMoveATerminal) {
  struct Case {
    const char* name;
    std::string text;
    const char* want;
  };
  const Case cases[] = {
      {"nothing", "", ""},
      {"plain", "alice, ~ and space", "alice, ~ and space"},
      {"escape sequence", "\x1b[2J", "\\x1b[2J"},
      {"newline and return", "a\r\nb", "a\\x0d\\x0ab"},
      {"NUL", std::string("a\0b", 3), "a\\x00b"},
      {"DEL", "\x7f", "\\x7f"},
      {"backslash", "\\x1b", "\\\\x1b"},
      {"right-to-left mark", "\xe2\x80\xae", "\\xe2\\x80\\xae"},
      {"one-byte CSI of C1",
       "\x9b"
       "2J", "\\x9b2J"},
  };
  for (const Case& c : cases) STRCMP_EQUAL_TEXT(c.want, printable(c.text).c_str(), c.name);
}

TEST(BasePrintable, ReadableKeepsWordsOfEveryScriptAndNothingThatHides) {
  const struct {
    const char* name;
    std::string text;
    const char* want;
  } kCases[] = {
      {"Latin",                  "\u00dcber Stra\u00dfe",                             "\u00dcber Stra\u00dfe"         },
      {"Cyrillic and Chinese",   "\u0414\u043e\u0441\u0442\u0443\u043f \u7981\u6b62",
       "\u0414\u043e\u0441\u0442\u0443\u043f \u7981\u6b62"                                                            },
      {"past the first plane",   "\U0001f512",                                        "\U0001f512"                    },
      {"controls",               "\x1b[2J\n\x7f",                                     "\\x1b[2J\\x0a\\x7f"            },
      {"backslash",              "\\u00dc",                                           "\\\\u00dc"                     },
      {"CSI of C1",              "\u009b2J",                                          "\\xc2\\x9b2J"                  },
      {"right-to-left override", "\u202e",                                            "\\xe2\\x80\\xae"               },
      {"isolate",                "\u2066",                                            "\\xe2\\x81\\xa6"               },
      {"nothing to see",         "\u200b\ufeff",                                      "\\xe2\\x80\\x8b\\xef\\xbb\\xbf"},
      {"line separator",         "\u2028",                                            "\\xe2\\x80\\xa8"               },
      {"private",                "\ue000",                                            "\\xee\\x80\\x80"               },
      {"tag characters",         "\U000e0041",                                        "\\xf3\\xa0\\x81\\x81"          },
      {"not UTF-8",              "\xff\xc3",                                          "\\xff\\xc3"                    },
      {"overlong",               "\xc0\xaf",                                          "\\xc0\\xaf"                    },
      {"a surrogate",            "\xed\xa0\x80",                                      "\\xed\\xa0\\x80"               },
  };
  for (const auto& c : kCases) STRCMP_EQUAL_TEXT(c.want, readable(c.text).c_str(), c.name);
  STRCMP_EQUAL("\u00dc...", readable("\u00dc\u00dc\u00dc\u00dc", 6).c_str());  // no halves
}

TEST(BasePrintable, CutsOnlyBetweenWholeEscapes) {
  STRCMP_EQUAL("12345678", printable("12345678", 8).c_str());
  STRCMP_EQUAL("12345...", printable("123456789", 8).c_str());
  STRCMP_EQUAL("1\\x0a...", printable("1\n\n\n", 8).c_str());
  STRCMP_EQUAL("12...", printable("12\n\n\n", 8).c_str());
  STRCMP_EQUAL("1...", printable("12345", 0).c_str());
  STRCMP_EQUAL("...", printable("\n\n", 4).c_str());
  for (std::size_t limit = 0; limit < 40; ++limit) {
    const std::string text = printable(
        "ab\n\\cd\xff"
        "efghijklmnop\n",
        limit);
    CHECK_TRUE(text.size() <= std::max<std::size_t>(limit, 4));
  }
}
