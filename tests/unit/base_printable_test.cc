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
