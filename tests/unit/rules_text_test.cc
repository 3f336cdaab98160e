// SPDX-License-Identifier: ISC
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "stepupd/rules/document.h"
#include "stepupd/rules/duration.h"
#include "stepupd/rules/text_form.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::rules;

namespace {

std::string bad_text(const std::string& text) {
  const auto problem = find_bad_text({"f", text});
  return problem ? to_string(*problem) : "";
}

std::string repeat(const char* part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

TEST_GROUP(RulesText){};

TEST(RulesText, MustBeUtf8) {
  struct Case {
    const char* name;
    std::string text;
    const char* want;
  };
  const Case cases[] = {
      {"nothing", "", ""},
      {"ASCII", "a = 1\n", ""},
      {"shortest and longest",
       "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", ""},
      {"beside the surrogates", "\xed\x9f\xbf\xee\x80\x80", ""},
      {"byte order mark",
       "\xef\xbb\xbf"
       "a = 1", "f:1:1: begins with a byte order mark"},
      {"UTF-16 mark", "\xff\xfe", "f:1:1: not UTF-8"},
      {"NUL", std::string("a\n b\0c", 6), "f:2:3: a NUL byte"},
      {"continuation alone", "\n\n\x80", "f:3:1: not UTF-8"},
      {"sequence cut by a byte", "a\xc3(", "f:1:2: not UTF-8"},
      {"sequence cut by the end", "a\xf0\x90\x80", "f:1:2: not UTF-8"},
      {"overlong, 2 bytes", "\xc0\x80", "f:1:1: not UTF-8"},
      {"overlong, 3 bytes", "\xe0\x9f\xbf", "f:1:1: not UTF-8"},
      {"overlong, 4 bytes", "\xf0\x8f\xbf\xbf", "f:1:1: not UTF-8"},
      {"surrogate", "\xed\xa0\x80", "f:1:1: not UTF-8"},
      {"past U+10FFFF", "\xf4\x90\x80\x80", "f:1:1: not UTF-8"},
      {"no such first byte", "\xf5\x80\x80\x80", "f:1:1: not UTF-8"},
  };
  for (const Case& c : cases) STRCMP_EQUAL_TEXT(c.want, bad_text(c.text).c_str(), c.name);
}

TEST(RulesText, MustNotNestDeeperThanTheParserMayRecurse) {
  const std::string deep = repeat("[", 33);
  const char* const at_start = "f:1:33: nested too deeply";
  STRCMP_EQUAL("", bad_text(repeat("[", 32) + repeat("]", 32)).c_str());
  STRCMP_EQUAL(at_start, bad_text(deep).c_str());
  STRCMP_EQUAL(at_start, bad_text(repeat("{", 33)).c_str());
  STRCMP_EQUAL("f:33:1: nested too deeply", bad_text(repeat("[\n", 33)).c_str());
  STRCMP_EQUAL("f:1:100000: nested too deeply",
               bad_text(std::string(99999 - 32, ' ') + deep).c_str());
  STRCMP_EQUAL("", bad_text(repeat("[]", 500)).c_str());
  STRCMP_EQUAL("", bad_text(repeat("a.", 32) + "a = 1").c_str());
  STRCMP_EQUAL("f:1:66: nested too deeply", bad_text(repeat("a.", 33)).c_str());
  STRCMP_EQUAL("f:1:133: nested too deeply", bad_text("[" + repeat("'a'.", 33)).c_str());
  STRCMP_EQUAL("", bad_text(repeat("1.5,", 500)).c_str());

  // Brackets in strings and comments nest nothing, and hide none that follow.
  for (const std::string& quoted :
       {"\"" + deep + "\"", "'" + deep + "'", "#" + deep + "\n", "\"\"\"\n" + deep + "\n\"\"\"",
        "'''\n" + deep + "\n'''", "\"\\\"" + deep + "\"", "\"\"\"\"\"" + deep + "\"\"\"\"\"",
        "'" + deep + "\n", "\"" + deep}) {
    STRCMP_EQUAL_TEXT("", bad_text(quoted).c_str(), quoted.c_str());
  }
  for (const std::string closed : {"\"a\"", "''", "\"\\\\\"", "\"\"\"a\"\"\"", "'''a'''''",
                                   "\"\"\"\\\"\"\"\"", "# \"\n", "'\n"}) {
    CHECK_TEXT(!bad_text(closed + deep).empty(), closed.c_str());
  }
}

TEST(RulesText, ThatIsNotTomlNeverEndsTheProgram) {
  const std::string valid =
      "mode = 'a' # b\n[t]\nx = [1, 2.5, \"c\\n\", {y = true}]\nd = 1979-05-27T07:32:00Z\n[[r]]\n";
  CHECK_TRUE(read_document({"f", valid}).has_value());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    (void)read_document({"f", valid.substr(0, i)});
    std::string changed = valid;
    for (const char c : {'"', '[', '=', '\n', '\x01'}) {
      changed[i] = c;
      (void)read_document({"f", changed});
    }
  }
}

TEST(RulesText, WritesDurationsInOneUnit) {
  struct Case {
    const char* text;
    std::optional<BootTime> want;
  };
  const Case cases[] = {
      {"0",                    0s          },
      {"0s",                   0s          },
      {"1s",                   1s          },
      {"90s",                  90s         },
      {"15min",                15min       },
      {"2h",                   2h          },
      {"1d",                   24h         },
      {"365d",                 kMaxDuration},
      {"8760h",                kMaxDuration},
      {"007min",               7min        },
      {"366d",                 {}          },
      {"31536001s",            {}          },
      {"9223372036854775807d", {}          },
      {"9223372036854775808s", {}          },
      {"",                     {}          },
      {"15",                   {}          },
      {"min",                  {}          },
      {"15 min",               {}          },
      {" 15min",               {}          },
      {"15min ",               {}          },
      {"-1s",                  {}          },
      {"+1s",                  {}          },
      {"1.5h",                 {}          },
      {"1,5h",                 {}          },
      {"1h30min",              {}          },
      {"15m",                  {}          },
      {"15MIN",                {}          },
      {"15ms",                 {}          },
      {"0x1s",                 {}          },
  };
  for (const Case& c : cases) CHECK_TEXT(parse_duration(c.text) == c.want, c.text);
  STRCMP_EQUAL("0", format_duration(0s).c_str());
  STRCMP_EQUAL("90s", format_duration(90s).c_str());
  STRCMP_EQUAL("15min", format_duration(15min).c_str());
  STRCMP_EQUAL("36h", format_duration(36h).c_str());
  STRCMP_EQUAL("2d", format_duration(48h).c_str());
  STRCMP_EQUAL("1500ms", format_duration(1500ms).c_str());
}

TEST(RulesText, EndsADayAtTheNextMidnightUtc) {
  struct Case {
    const char* text;
    std::optional<std::int64_t> want;
  };
  const Case cases[] = {
      {"1970-01-01",  86400     },
      {"2026-12-31",  1798761600},
      {"2028-02-29",  1835481600},
      {"2026-02-29",  {}        },
      {"2026-13-01",  {}        },
      {"2026-00-01",  {}        },
      {"2026-01-00",  {}        },
      {"2026-1-1",    {}        },
      {"2026/12/31",  {}        },
      {"31-12-2026",  {}        },
      {"2026-12-31 ", {}        },
      {"2026-12-+1",  {}        },
      {"",            {}        },
  };
  for (const Case& c : cases) CHECK_TEXT(parse_end_of_day(c.text) == c.want, c.text);
}
