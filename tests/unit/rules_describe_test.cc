// SPDX-License-Identifier: ISC
#include "stepupd/rules/rules.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using Kind = policy::Principal::Kind;

TEST_GROUP(RulesDescribe){};

TEST(RulesDescribe, NamesEveryCondition) {
  policy::Rule rule;
  rule.service = {"sudo", "su"};
  rule.pam_service = {"sudo-i"};
  rule.user = {
      {Kind::User,  "alice"},
      {Kind::Group, "wheel"}
  };
  rule.target_user = {
      {Kind::User, "root"}
  };
  rule.command = {
      {"/usr/bin/psql *", {}}
  };
  rule.remote = false;
  rule.time = {*policy::parse_time_window("mon")};
  rule.except_user = {
      {Kind::User, "bob"}
  };
  STRCMP_EQUAL(
      "service sudo, su; pam_service sudo-i; user alice, @wheel; target_user root; command "
      "/usr/bin/psql *; "
      "not remote; time mon; except_user bob",
      rules::describe_conditions(rule).c_str());
}

TEST(RulesDescribe, SaysThatTheLoginCounts) {
  policy::Rule rule;
  rule.login_counts = true;
  STRCMP_EQUAL("otp within 15min, scope session, the login counts", rules::describe(rule).c_str());
}

TEST(RulesDescribe, ARuleWithoutConditionsIsForEverything) {
  STRCMP_EQUAL("everything", rules::describe_conditions(policy::Rule{}).c_str());
}

TEST(RulesDescribe, ANameCannotMoveTheCursor) {
  policy::Rule rule;
  rule.service = {"\x1b[2J"};
  STRCMP_EQUAL("service \\x1b[2J", rules::describe_conditions(rule).c_str());
}

TEST(RulesDescribe, NamesEveryDemand) {
  policy::Rule rule;
  STRCMP_EQUAL("otp within 15min, scope session", rules::describe(rule).c_str());
  rule.factors = {FactorKind::Totp, FactorKind::Fido2};
  rule.max_age = BootTime::zero();
  rule.max_idle = std::chrono::minutes(5);
  rule.scope = Scope::Tty;
  rule.enforce = false;
  STRCMP_EQUAL("otp by totp, fido2 every time, idle for at most 5min, scope tty, reported only",
               rules::describe(rule).c_str());
  rule.deny = "Not today.";
  STRCMP_EQUAL("refuses: Not today., reported only", rules::describe(rule).c_str());
}
