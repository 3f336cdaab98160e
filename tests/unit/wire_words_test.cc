// SPDX-License-Identifier: ISC
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "stepupd/wire/words.h"

#include <CppUTest/TestHarness.h>

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

std::string with_args(MessageId id, const std::string& arg) {
  return sentence({.id = id, .args = std::vector<std::string>(8, arg)});
}

bool is_printable(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// The failure message names the number, since the words are what is in question.
std::string number(MessageId id) { return "message " + std::to_string(static_cast<int>(id)); }

}  // namespace

TEST_GROUP(WireWords){};

TEST(WireWords, ExistForEveryMessageAndAreShort) {
  std::set<std::string> seen;
  for_each_message_id([&](MessageId id) {
    const std::string bare = sentence({.id = id, .args = {}});
    CHECK_TEXT(!bare.empty(), number(id).c_str());
    CHECK_TEXT(bare.size() <= 240, number(id).c_str());
    CHECK_TEXT(is_printable(bare), number(id).c_str());
    CHECK_TEXT(bare.find_first_of("{}") == std::string::npos, number(id).c_str());
    CHECK_TEXT(seen.insert(with_args(id, "x")).second, number(id).c_str());
  });
}

TEST(WireWords, OfNoMessageAreEmpty) {
  STRCMP_EQUAL("", sentence({}).c_str());
  STRCMP_EQUAL("", with_args(MessageId::None, "x").c_str());
}

TEST(WireWords, OfAPromptAndOnlyOfAPromptEndInAColonAndASpace) {
  for_each_message_id([](MessageId id) {
    CHECK_EQUAL_TEXT(is_prompt(id), with_args(id, "x").ends_with(": "), number(id).c_str());
  });
}

TEST(WireWords, ShowArgumentsEscaped) {
  // What a user can put into a command, a terminal title or a name.
  const std::string kHostile("\x1b]0;owned\a\r\nOne-time code: \xe2\x80\xae{0}\0\x7f", 35);
  for_each_message_id(
      [&](MessageId id) { CHECK_TEXT(is_printable(with_args(id, kHostile)), number(id).c_str()); });
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
