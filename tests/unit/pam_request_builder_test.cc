// SPDX-License-Identifier: ISC
#include <string>
#include <string_view>
#include <vector>

#include "pam_stepup/request_builder.h"

#include <CppUTest/TestHarness.h>

using namespace std::string_view_literals;
using namespace stepup::pam_stepup;
using stepup::wire::kMaxArgvBytes;
using stepup::wire::kMaxArgvWords;
using stepup::wire::Program;

TEST_GROUP(PamRequestBuilder){};

TEST(PamRequestBuilder, SplitsACommandLineIntoItsWords) {
  struct Case {
    const char* name;
    std::string_view bytes;
    std::vector<std::string> argv;
    bool truncated;
  };
  const Case cases[] = {
      {"one word",             "id\0"sv,              {"id"},                 false},
      {"three words",          "sudo\0-u\0bob\0"sv,   {"sudo", "-u", "bob"},  false},
      {"empty words",          "sudo\0\0id\0\0"sv,    {"sudo", "", "id", ""}, false},
      {"control characters",   "sudo\0\x1b[2J\n\0"sv, {"sudo", "\x1b[2J\n"},  false},
      {"nothing readable",     ""sv,                  {},                     true },
      {"last word unfinished", "sudo\0id"sv,          {"sudo"},               true },
      {"no NUL at all",        "sshd: alice"sv,       {},                     true },
  };
  for (const Case& c : cases) {
    const CommandLine line = split_command_line(c.bytes);
    CHECK_TEXT(line.argv == c.argv, c.name);
    CHECK_EQUAL_TEXT(c.truncated, line.truncated, c.name);
  }
}

TEST(PamRequestBuilder, KeepsWholeWordsUpToTheLimitsAndSaysSo) {
  std::string longest(kMaxArgvBytes, 'a');
  longest.back() = '\0';
  CommandLine line = split_command_line(longest);
  CHECK_FALSE(line.truncated);
  CHECK_EQUAL(kMaxArgvBytes - 1, line.argv.at(0).size());

  line = split_command_line(longest + '\0');
  CHECK_TRUE(line.truncated);
  CHECK_EQUAL(1, line.argv.size());

  // The word across the limit is dropped: half a word could match a rule that the whole does not.
  line = split_command_line("sudo\0"sv.data() + ('\0' + longest));
  CHECK_TRUE(line.truncated);
  CHECK_TRUE(line.argv == std::vector<std::string>{"sudo"});

  line = split_command_line(std::string(kMaxArgvWords, '\0'));
  CHECK_FALSE(line.truncated);
  CHECK_EQUAL(kMaxArgvWords, line.argv.size());
  line = split_command_line(std::string(kMaxArgvWords + 1, '\0'));
  CHECK_TRUE(line.truncated);
  CHECK_EQUAL(kMaxArgvWords, line.argv.size());
}

TEST(PamRequestBuilder, KnowsTheProgramsByTheNameOfTheirFile) {
  struct Case {
    std::string_view exe;
    Program want;
  };
  const Case cases[] = {
      {"/usr/bin/sudo",             Program::Sudo },
      {"/usr/lib/cargo/bin/sudo",   Program::Sudo },
      {"/usr/bin/sudo (deleted)",   Program::Sudo },
      {"/usr/bin/sudo.ws",          Program::Sudo },
      {"/usr/bin/sudo-rs",          Program::Sudo },
      {"/usr/lib/cargo/bin/su",     Program::Su   },
      {"/usr/bin/su",               Program::Su   },
      {"/usr/bin/su-rs",            Program::Su   },
      {"/usr/bin/doas",             Program::Doas },
      {"sudo",                      Program::Sudo },
      {"/usr/sbin/sshd",            Program::Other},
      {"/usr/bin/sudo/",            Program::Other},
      {"/usr/bin/sudo.old",         Program::Other},
      {"/usr/bin/SUDO",             Program::Other},
      {"/usr/bin/runuser",          Program::Other},
      {"/usr/bin/sudo (deleted) x", Program::Other},
      {" (deleted)",                Program::Other},
      {"",                          Program::Other},
  };
  for (const Case& c : cases) {
    CHECK_TEXT(program_of(c.exe) == c.want, std::string(c.exe).c_str());
  }
}

TEST(PamRequestBuilder, KnowsSshdByTheNameOfItsFile) {
  for (const char* exe :
       {"/usr/sbin/sshd", "/usr/lib/openssh/sshd-session", "sshd", "/usr/sbin/sshd (deleted)"}) {
    CHECK_TRUE_TEXT(is_sshd(exe), exe);
  }
  for (const char* exe : {"/usr/bin/login", "/usr/sbin/sshd/x", "/tmp/sshd2", "sshd-auth", ""}) {
    CHECK_FALSE_TEXT(is_sshd(exe), exe);
  }
}

TEST(PamRequestBuilder, ReadsTheProgramThatItIsPartOf) {
  const auto exe = read_exe();
  CHECK_TRUE(exe.has_value());
  CHECK_TRUE(program_of(*exe) == Program::Other);
}
