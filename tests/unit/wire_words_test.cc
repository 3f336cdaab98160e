// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "stepupd/wire/words.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::wire;

namespace {

template <typename F>
void for_each_message_id(F f) {
  for (int raw = 1; raw <= static_cast<int>(MessageId::kLast); ++raw)
    f(static_cast<MessageId>(raw));
}

bool is_prompt(MessageId id) {
  return id >= MessageId::PromptOtp && id <= MessageId::PromptPinOrOtp;
}

constexpr std::array kLanguages = {Language::English, Language::German, Language::French};

std::string with_args(MessageId id, const std::string& arg, Language language = Language::English) {
  return sentence({.id = id, .args = std::vector<std::string>(8, arg), .language = language});
}

bool is_ascii(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// Characters of a UTF-8 text, each of them printable Latin-1; npos when there is any other, or a
// byte that is a control character to a terminal which does not read UTF-8.
std::size_t columns(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i, ++count) {
    if (text[i] >= ' ' && text[i] <= '~') continue;
    const bool two = (text[i] == '\xc2' || text[i] == '\xc3') && i + 1 < text.size();
    if (!two || text[i + 1] < '\xa0' || text[i + 1] > '\xbf') return std::string::npos;
    ++i;
  }
  return count;
}

// Which arguments the sentence shows, in the order of their first use.
std::set<char> arguments_of(MessageId id, Language language) {
  const std::string shown = sentence({
      .id = id,
      .args = {"\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x07", "\x08"},
      .language = language
  });
  std::set<char> found;
  for (std::size_t at = 0; (at = shown.find("\\x0", at)) != std::string::npos; ++at) {
    found.insert(shown.at(at + 3));
  }
  return found;
}

// The failure message names the number, since the words are what is in question.
std::string number(MessageId id, Language language = Language::English) {
  return std::string(to_string(language)) + " message " + std::to_string(static_cast<int>(id));
}

}  // namespace

TEST_GROUP(WireWords){};

TEST(WireWords, ExistForEveryMessageInEveryLanguageAndFillAtMostTwoLines) {
  for (const Language language : kLanguages) {
    std::set<std::string> seen;
    for_each_message_id([&](MessageId id) {
      const std::string text = number(id, language);
      const std::string shown = with_args(id, "eight678", language);
      CHECK_TEXT(!shown.empty(), text.c_str());
      CHECK_TEXT(columns(shown) <= std::size_t{2} * 80, text.c_str());
      CHECK_TEXT(shown.find_first_of("{}") == std::string::npos, text.c_str());
      CHECK_TEXT(seen.insert(shown).second, text.c_str());
    });
  }
}

TEST(WireWords, ShowTheSameArgumentsInEveryLanguage) {
  for_each_message_id([](MessageId id) {
    for (const Language language : kLanguages) {
      CHECK_TEXT(arguments_of(id, language) == arguments_of(id, Language::English),
                 number(id, language).c_str());
    }
  });
}

// A translator's copy that was left in English.
TEST(WireWords, DifferBetweenTheLanguages) {
  for_each_message_id([](MessageId id) {
    std::set<std::string> seen;
    for (const Language language : kLanguages) seen.insert(with_args(id, "x", language));
    CHECK_EQUAL_TEXT(kLanguages.size(), seen.size(), number(id).c_str());
  });
}

TEST(WireWords, OfEnglishAreAscii) {
  for_each_message_id(
      [](MessageId id) { CHECK_TEXT(is_ascii(with_args(id, "x")), number(id).c_str()); });
}

TEST(WireWords, SpeakOfDurationsInMinutesAndSeconds) {
  const auto left = [](const char* seconds, Language language) {
    return sentence({.id = MessageId::RefusedLockedOut, .args = {seconds}, .language = language});
  };
  struct Case {
    const char* seconds;
    Language language;
    const char* want;
  };
  const Case cases[] = {
      {"1",          Language::English, "Too many wrong codes. Try again in 1 second."            },
      {"59",         Language::English, "Too many wrong codes. Try again in 59 seconds."          },
      {"60",         Language::English, "Too many wrong codes. Try again in 1 minute."            },
      {"200",        Language::English, "Too many wrong codes. Try again in 3 minutes 20 seconds."},
      {"0",          Language::English, "Too many wrong codes. Try again in 0 seconds."           },
      {"61",         Language::French,  "Trop de codes faux. Recommencez dans 1 minute 1 seconde."},
      {"4294967296", Language::English, "Too many wrong codes. Try again in 4294967296."          },
      {"1\x1b",      Language::English, "Too many wrong codes. Try again in 1\\x1b."              },
      {"",           Language::English, "Too many wrong codes. Try again in ."                    },
      {"120",        Language::German,
       "Zu viele falsche Codes. Versuchen Sie es in 2 Minuten noch einmal."                       },
  };
  for (const Case& c : cases) STRCMP_EQUAL(c.want, left(c.seconds, c.language).c_str());
}

TEST(WireWords, ShowWhatARuleSaysAsItIsWrittenAndNothingElse) {
  const std::string said = "\u0414\u043e\u0441\u0442\u0443\u043f \u00dcber bastion\u202e";
  STRCMP_EQUAL(
      "sudo on \\xc3\\x9c is not allowed: \u0414\u043e\u0441\u0442\u0443\u043f \u00dcber "
      "bastion\\xe2\\x80\\xae",
      sentence({
                   .id = MessageId::RefusedByRule, .args = {"sudo", "\u00dc", said}
  })
          .c_str());
}

TEST(WireWords, OfNoMessageAreEmpty) {
  STRCMP_EQUAL("", sentence({}).c_str());
  STRCMP_EQUAL("", with_args(MessageId::None, "x").c_str());
}

TEST(WireWords, OfAPromptAndOnlyOfAPromptEndInAColonAndASpace) {
  for_each_message_id([](MessageId id) {
    for (const Language language : kLanguages) {
      CHECK_EQUAL_TEXT(is_prompt(id), with_args(id, "x", language).ends_with(": "),
                       number(id, language).c_str());
    }
  });
}

TEST(WireWords, ShowArgumentsEscaped) {
  // What a user can put into a command, a terminal title or a name.
  const std::string kHostile("\x1b]0;owned\a\r\nOne-time code: \xe2\x80\xae{0}\0\x7f", 35);
  for_each_message_id([&](MessageId id) {
    for (const Language language : kLanguages) {
      CHECK_TEXT(columns(with_args(id, kHostile, language)) != std::string::npos,
                 number(id, language).c_str());
    }
  });
  STRCMP_EQUAL(
      "One-time code for al\\x1b[2Jice@host (sudo: id): ",
      sentence({
                   .id = MessageId::PromptOtp, .args = {"al\x1b[2Jice", "host", "sudo: id"}
  })
          .c_str());
}

TEST(WireWords, CutALongArgument) {
  const std::string text = with_args(MessageId::RefusedUnknownUser, std::string(10'000, 'a'));
  CHECK_TRUE(text.size() < 400);
  CHECK_TRUE(text.find("a...\"") != std::string::npos);
}

TEST(WireWords, DoNotReadArgumentsAsPatterns) {
  STRCMP_EQUAL("There is no user \"{0}{7}\" on this host.",
               sentence({.id = MessageId::RefusedUnknownUser, .args = {"{0}{7}"}}).c_str());
}

TEST(WireWords, NameTheWayOutWhenTheDaemonIsGone) {
  for (const MessageId id : {MessageId::DaemonAbsent, MessageId::DaemonSilent,
                             MessageId::DaemonLeft, MessageId::DaemonNonsense}) {
    CHECK_TRUE(with_args(id, "x").find("pam_stepup(8), RECOVERY") != std::string::npos);
  }
}
