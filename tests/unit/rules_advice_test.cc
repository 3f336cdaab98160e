// SPDX-License-Identifier: ISC
#include <string>
#include <vector>

#include "stepupd/rules/advice.h"
#include "stepupd/rules/safe_program.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::rules;

namespace {

// The sentences, one a line.
std::string advice_on(const std::string& text) {
  const auto set = parse({
      {"stepupd.conf", text}
  });
  CHECK_TRUE_TEXT(set.has_value(), text.c_str());
  std::string lines;
  for (const std::string& sentence : advice(*set)) lines += sentence + '\n';
  return lines;
}

const std::string kRule = "[[rule]]\nlevel = 'otp'\n";

}  // namespace

TEST_GROUP(RulesAdvice){};

TEST(RulesAdvice, WarnsWhereEveryDemandHasACommand) {
  const std::string some = kRule + "name = 'a'\nservice = ['sudo']\ncommand = ['/bin/psql']\n";
  STRCMP_CONTAINS("stepupd.conf:1: every demand in sudo has a command", advice_on(some).c_str());
  STRCMP_EQUAL("", advice_on(some + kRule + "name = 'b'\nservice = ['sudo']\n").c_str());
  STRCMP_EQUAL("", advice_on(some + kRule + "name = 'b'\n").c_str());
  // What demands nothing does not help.
  STRCMP_CONTAINS("in sudo has a command",
                  advice_on(some + kRule + "name = 'b'\nenforce = false\n").c_str());
  STRCMP_CONTAINS(
      "in sudo has a command",
      advice_on(some + "[[rule]]\nname = 'b'\nlevel = 'none'\nmax_age = '1h'\n").c_str());
  STRCMP_EQUAL("", advice_on(kRule + "name = 'a'\nservice = ['sudo', 'su']\n").c_str());
}

TEST(RulesAdvice, V34WarnsWhereEveryDemandIsForTerminals) {
  const std::string some = kRule + "name = 'a'\nservice = ['sudo']\ntty = ['any']\n";
  STRCMP_CONTAINS("stepupd.conf:1: every demand in sudo is for terminals", advice_on(some).c_str());
  STRCMP_EQUAL("", advice_on(some + kRule + "name = 'b'\nservice = ['sudo']\n").c_str());
  STRCMP_EQUAL("", advice_on(kRule + "name = 'a'\ntty = ['pts/*', 'none']\n").c_str());
}

TEST(RulesAdvice, WarnsOfExceptedProgramsThatStartOthers) {
  for (const char* program : {"/usr/bin/vim", "/usr/bin/less *", "/usr/bin/python3.11 /opt/x",
                              "/bin/systemctl status *", "sudoedit /etc/motd"}) {
    const std::string rule = kRule + "name = 'a'\nexcept_command = ['" + program + "']\n";
    STRCMP_CONTAINS("lets a program run that can start any other", advice_on(rule).c_str());
  }
  STRCMP_EQUAL(
      "", advice_on(kRule + "name = 'a'\nexcept_command = ['/usr/bin/apt-get update']\n").c_str());
}

TEST(RulesAdvice, WarnsOfALoginMethodThatIsReportedOfNoLogin) {
  STRCMP_EQUAL(
      "stepupd.conf:1: \"kba\" is reported of no login: the methods are hwk, mfa, otp, pop, pwd, "
      "user\n",
      advice_on(kRule + "name = 'a'\nlogin_method = ['pwd', 'kba', 'user']\n").c_str());
}

TEST(RulesAdvice, AProgramIsSafeWhereRootAloneCouldHaveChangedIt) {
  CHECK_TRUE(is_safe_program("/usr/bin/id"));
  CHECK_TRUE(is_safe_program("/bin/id"));
  for (const char* path : {"id", "/usr/bin/../bin/id", "/usr/bin", "/usr/bin/no-such-program",
                           "/tmp/id", "/proc/self/exe", "/"}) {
    CHECK_FALSE_TEXT(is_safe_program(path), path);
  }
}
