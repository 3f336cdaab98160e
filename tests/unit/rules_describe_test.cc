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
  rule.target_user = {"root"};
  rule.except_user = {
      {Kind::User, "bob"}
  };
  STRCMP_EQUAL(
      "service sudo, su; pam_service sudo-i; user alice, @wheel; target_user root; except_user bob",
      rules::describe_conditions(rule).c_str());
}

TEST(RulesDescribe, ARuleWithoutConditionsIsForEverything) {
  STRCMP_EQUAL("everything", rules::describe_conditions(policy::Rule{}).c_str());
}

TEST(RulesDescribe, ANameCannotMoveTheCursor) {
  policy::Rule rule;
  rule.target_user = {"\x1b[2J"};
  STRCMP_EQUAL("target_user \\x1b[2J", rules::describe_conditions(rule).c_str());
}
