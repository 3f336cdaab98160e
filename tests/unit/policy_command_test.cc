// SPDX-License-Identifier: ISC
#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/policy/command.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::policy;
using Words = std::vector<std::string>;

namespace {

Command command(Words words) {
  Command command;
  command.reading = Command::Reading::Words;
  command.words = std::move(words);
  command.may_be_excepted = command.program_is_safe = true;
  return command;
}

struct Case {
  const char* pattern;
  Words words;
  Holds want;
};

}  // namespace

TEST_GROUP(PolicyCommand){};

TEST(PolicyCommand, IsTheCommandWhenInDoubt) {
  const Case cases[] = {
      {"/usr/bin/psql",             {"/usr/bin/psql"},                    Holds::Yes    },
      {"/usr/bin/psql",             {"/usr/bin/psql", "-c", "x"},         Holds::Yes    },
      {"/usr/bin/psql *",           {"/usr/bin/psql", "-c", "x"},         Holds::Yes    },
      {"/usr/bin/psql *",           {"/usr/bin/psql"},                    Holds::Yes    },
      {"/usr/bin/psql a",           {"/usr/bin/psql"},                    Holds::No     },
      {"/usr/bin/psql a",           {"/usr/bin/psql", "a"},               Holds::Yes    },
      {"/usr/bin/psql a",           {"/usr/bin/psql", "a", "b"},          Holds::No     },
      {"/usr/bin/psql a b",         {"/usr/bin/psql", "a b"},             Holds::No     },
      {"/usr/bin/psql",             {"/usr/bin/psqlx"},                   Holds::No     },
      {"/usr/bin/psql",             {"/opt/psql"},                        Holds::No     },
      {"/usr/bin/psql",             {"psql", "x"},                        Holds::Unknown},
      {"/usr/bin/psql",             {"./psql"},                           Holds::Unknown},
      {"/usr/bin/psql",             {"/usr/bin/../bin/psql"},             Holds::Unknown},
      {"/usr/bin/psql",             {"/usr//bin/psql"},                   Holds::Unknown},
      {"/usr/bin/psql",             {"id"},                               Holds::No     },
      {"/bin/ls",                   {"/usr/bin/ls"},                      Holds::Yes    },
      {"/usr/bin/ls",               {"/bin/ls"},                          Holds::Yes    },
      {"/usr/sbin/ip",              {"/sbin/ip"},                         Holds::Yes    },
      {"/usr/bin/*",                {"/usr/bin/id"},                      Holds::Yes    },
      {"/usr/bin/*",                {"/usr/bin/x/id"},                    Holds::No     },
      {"/usr/*/id",                 {"/usr/bin/id"},                      Holds::Yes    },
      {"/usr/*/id",                 {"/usr/a/b/id"},                      Holds::No     },
      {"/usr/bin/py*3*",            {"/usr/bin/python3.11"},              Holds::Yes    },
      {"/usr/bin/py*3*",            {"/usr/bin/python2"},                 Holds::No     },
      {"/usr/bin/systemctl stop *", {"/usr/bin/systemctl", "stop", "a"},  Holds::Yes    },
      {"/usr/bin/systemctl stop *", {"/usr/bin/systemctl", "start", "a"}, Holds::No     },
      {"/usr/bin/cat /etc/*",       {"/usr/bin/cat", "/etc/ssl/key"},     Holds::No     },
      {"/usr/bin/cat /etc/*",       {"/usr/bin/cat", "/etc/motd"},        Holds::Yes    },
      {"sudoedit",                  {"sudoedit", "/etc/hosts"},           Holds::Yes    },
      {"sudoedit /etc/hosts",       {"sudoedit", "/etc/motd"},            Holds::No     },
      {"sudoedit",                  {"/usr/bin/id"},                      Holds::No     },
      {"/usr/bin/psql",             {"/usr/bin/"},                        Holds::No     },
  };
  for (const Case& c : cases) {
    const auto pattern = parse_command_pattern(c.pattern);
    CHECK_TEXT(pattern.has_value(), c.pattern);
    STRCMP_EQUAL_TEXT(to_string(c.want), to_string(is_command(*pattern, command(c.words))),
                      (std::string(c.pattern) + " / " + c.words.back()).c_str());
  }
}

TEST(PolicyCommand, IsNotExceptedWhenInDoubt) {
  const Case cases[] = {
      {"/usr/bin/apt update", {"/usr/bin/apt", "update"},            Holds::Yes},
      {"/usr/bin/apt update", {"/usr/bin/apt", "update", "-o", "x"}, Holds::No },
      {"/usr/bin/apt update", {"apt", "update"},                     Holds::No },
      {"/usr/bin/apt update", {"/usr/bin/../bin/apt", "update"},     Holds::No },
      {"/usr/bin/id",         {"/bin/id"},                           Holds::Yes},
      {"/usr/bin/id",         {"/usr/bin/id", "-u"},                 Holds::No },
      {"/usr/bin/id *",       {"/usr/bin/id", "bob", "eve"},         Holds::Yes},
      {"/usr/bin/id *",       {"/usr/bin/id"},                       Holds::Yes},
      {"/usr/bin/id *",       {"/usr/bin/id", "bob", "-u"},          Holds::No },
      {"/usr/bin/id -*",      {"/usr/bin/id", "-u"},                 Holds::Yes},
      {"/usr/bin/*",          {"/usr/bin/id"},                       Holds::Yes},
      {"/usr/bin/*",          {"/usr/bin/x/id"},                     Holds::No },
      {"sudoedit /etc/motd",  {"sudoedit", "/etc/motd"},             Holds::No },
      {"/usr/bin/cat /srv/*", {"/usr/bin/cat", "/srv/a"},            Holds::Yes},
      {"/usr/bin/cat /srv/*", {"/usr/bin/cat", "/srv/.a"},           Holds::Yes},
      {"/usr/bin/cat /srv/*", {"/usr/bin/cat", "/srv/.."},           Holds::No },
      {"/usr/bin/cat /srv/*", {"/usr/bin/cat", "/srv/."},            Holds::No },
      {"/usr/bin/cat /srv/*", {"/usr/bin/cat", "/srv/"},             Holds::No },
      {"/usr/bin/cat /*/log", {"/usr/bin/cat", "/a.b/log"},          Holds::Yes},
      {"/usr/bin/cat /*/log", {"/usr/bin/cat", "/../log"},           Holds::No },
      {"/usr/bin/cat /*/log", {"/usr/bin/cat", "//log"},             Holds::No },
      {"/usr/bin/cat .*",     {"/usr/bin/cat", ".."},                Holds::No },
      {"/usr/bin/cat *.",     {"/usr/bin/cat", ".."},                Holds::No },
      {"/usr/bin/cat ../*",   {"/usr/bin/cat", "../a"},              Holds::Yes},
      {"/usr/bin/cat ../*",   {"/usr/bin/cat", "../.."},             Holds::No },
      {"/usr/bin/cat ..",     {"/usr/bin/cat", ".."},                Holds::Yes},
      {"/usr/bin/tar -C* a",  {"/usr/bin/tar", "-Cx", "a"},          Holds::Yes},
      {"/usr/bin/tar -C* a",  {"/usr/bin/tar", "-C..", "a"},         Holds::No },
      {"/usr/bin/dd of=*/a",  {"/usr/bin/dd", "of=../a"},            Holds::No },
      {"/usr/bin/svc * a",    {"/usr/bin/svc", "stop", "a"},         Holds::Yes},
      {"/usr/bin/svc * a",    {"/usr/bin/svc", "-Mx", "a"},          Holds::No },
      {"/usr/bin/svc * a",    {"/usr/bin/svc", "", "a"},             Holds::No },
      {"/usr/bin/svc *t a",   {"/usr/bin/svc", "-t", "a"},           Holds::No },
  };
  for (const Case& c : cases) {
    const auto pattern = parse_command_pattern(c.pattern);
    STRCMP_EQUAL_TEXT(to_string(c.want), to_string(is_excepted(*pattern, command(c.words))),
                      (std::string(c.pattern) + " / " + c.words.back()).c_str());
  }
  const auto id = *parse_command_pattern("/usr/bin/id");
  Command plain = command({"/usr/bin/id"});
  plain.may_be_excepted = false;
  CHECK_TRUE(is_excepted(id, plain) == Holds::No);
  plain = command({"/usr/bin/id"});
  plain.program_is_safe = false;
  CHECK_TRUE(is_excepted(id, plain) == Holds::No);
}

// All words of up to five letters, judged by the standard library.
TEST(PolicyCommand, AnExceptionsStarIsNoOptionAndLeadsNowhereElse) {
  constexpr std::string_view kLetters = "a.-/";
  for (const char* text : {"*a", "a*", "/*", "/*/a", "a/*", ".*", "a* a", "/a/*"}) {
    const auto pattern = *parse_command_pattern("/usr/bin/id " + std::string(text));
    int excepted = 0;
    for (int number = 0; number < 5 * 5 * 5 * 5 * 5; ++number) {
      std::string word;
      for (int rest = number; rest > 0; rest /= 5) {
        if (rest % 5 != 0) word.push_back(kLetters[rest % 5 - 1]);
      }
      Command asked = command({"/usr/bin/id", word});
      if (pattern.words.size() == 3) asked.words.emplace_back("a");
      if (is_excepted(pattern, asked) != Holds::Yes) continue;
      ++excepted;
      const std::filesystem::path path = word;
      CHECK_TRUE_TEXT(is_command(pattern, asked) == Holds::Yes, word.c_str());
      CHECK_TRUE_TEXT(path.lexically_normal() == path && path.has_filename(), word.c_str());
      CHECK_TRUE_TEXT(word != "." && std::ranges::find(path, "..") == path.end(), word.c_str());
      CHECK_TRUE_TEXT(!word.starts_with('-'), word.c_str());
    }
    CHECK_TRUE_TEXT(excepted > 10, text);
  }
}

TEST(PolicyCommand, AShellMayBeEveryCommandAndALoginIsNone) {
  const auto id = *parse_command_pattern("/usr/bin/id");
  Command command;
  for (const auto reading : {Command::Reading::Uncertain, Command::Reading::Shell}) {
    command.reading = reading;
    CHECK_TRUE(is_command(id, command) == Holds::Unknown);
    CHECK_TRUE(is_excepted(id, command) == Holds::Unknown);
  }
  command.reading = Command::Reading::None;
  CHECK_TRUE(is_command(id, command) == Holds::No);
  CHECK_TRUE(is_excepted(id, command) == Holds::No);
}

TEST(PolicyCommand, APatternIsAnAbsolutePathAndWords) {
  for (const char* text : {"", " ", "id", "./id", "/usr/bin/../id", "/usr//bin/id", "/usr/bin/",
                           "/usr/bin/id ", "/usr/bin/id  x", "*"}) {
    CHECK_FALSE_TEXT(parse_command_pattern(text).has_value(), text);
  }
}
