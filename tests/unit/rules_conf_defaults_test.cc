// SPDX-License-Identifier: ISC
// conf/stepupd.conf shows every key at the default that the code has.  Runs from the top of the
// source tree.
#include <sstream>
#include <string>
#include <vector>

#include "stepupd/base/small_file.h"
#include "stepupd/rules/rules.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::rules;

TEST_GROUP(RulesConfDefaults){};

TEST(RulesConfDefaults, AreThoseOfTheCode) {
  const auto shipped = read_small_file("conf/stepupd.conf", kMaxFileSize);
  CHECK_TRUE(shipped.has_value());
  // Keys stand as "#key = value"; prose and the list of further conditions as "# text".
  std::string shown;
  std::istringstream lines(*shipped);
  for (std::string line; std::getline(lines, line);) {
    const bool is_key = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    shown += (is_key ? line.substr(1) : line) + '\n';
  }
  CHECK_TRUE(shown != *shipped);

  const auto as_shipped = parse({
      {"stepupd.conf", *shipped}
  });
  const auto as_shown = parse({
      {"stepupd.conf", shown}
  });
  CHECK_TRUE(as_shipped.has_value() && as_shown.has_value());
  CHECK_TRUE(as_shipped->settings == Settings{});
  CHECK_TRUE(as_shown->settings == Settings{});

  policy::Rule rule;
  rule.name = "second factor for root";
  rule.service = {"sudo", "su"};
  rule.level = Level::Otp;
  rule.origin = as_shipped->rules.at(0).origin;
  CHECK_TRUE(as_shipped->rules == std::vector<policy::Rule>{rule});
  CHECK_TRUE(as_shown->rules == as_shipped->rules);
}
