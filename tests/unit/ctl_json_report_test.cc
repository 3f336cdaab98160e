// SPDX-License-Identifier: ISC
#include "stepupd/ctl/json_report.h"

#include <algorithm>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

namespace {

using namespace stepup;
using ctl::json;

}  // namespace

TEST_GROUP(CtlJsonReport){};

// The keys of stepupctl(1), JSON: programs depend on each.
TEST(CtlJsonReport, KeepsItsKeys) {
  STRCMP_EQUAL(
      "{\"user\":\"alice\",\"credentials\":[{\"factor\":\"totp\",\"label\":\"phone\","
      "\"details\":\"SHA1\",\"created_at\":7,\"last_used_at\":null}]}\n",
      json(wire::CredentialList{.user = "alice",
                                .credentials = {{FactorKind::Totp, "phone", "SHA1", 7, 0}}})
          .c_str());
  STRCMP_EQUAL(
      "{\"version\":\"0.1.0\",\"session\":\"login session "
      "3\",\"login\":null,\"activity\":{\"commands\":0,"
      "\"refused\":0,\"idle_seconds\":0},\"grants\":[{\"level\":\"otp\","
      "\"factor\":\"totp\",\"scope\":\"tty\",\"age_seconds\":9}],\"rules\":[{\"name\":\"r\","
      "\"demand\":\"otp\",\"origin\":\"a:1\",\"enforced\":false}],\"remarks\":[\"x\"],"
      "\"rules_digest\":\"ab\"}\n",
      json(wire::StatusReport{.daemon_version = "0.1.0",
                              .session = "login session 3",
                              .grants = {{Level::Otp, FactorKind::Totp, Scope::Tty, 9}},
                              .rules = {{"r", "otp", "a:1", false}},
                              .remarks = {"x"},
                              .rules_digest = "ab",
                              .login = {}})
          .c_str());
  STRCMP_CONTAINS(
      "\"login\":{\"uid\":1000,\"service\":\"login\",\"source\":null,\"tty\":\"tty1\","
      "\"methods\":[\"password\"],\"amr\":[\"otp\",\"pwd\"],\"level\":\"otp\",\"age_seconds\":9}",
      json(wire::StatusReport{
               .daemon_version = "0.1.0",
               .session = "",
               .grants = {},
               .rules = {},
               .remarks = {},
               .rules_digest = "",
               .login =
                   wire::LoginRow{
                          1000, "login", "", "tty1", {"password"}, {"otp", "pwd"}, Level::Otp, 9}
  })
          .c_str());
  STRCMP_EQUAL(
      "{\"id\":1,\"at\":7,\"user\":\"alice\",\"uid\":1000,\"session\":\"audit:7\",\"tty\":null,"
      "\"service\":\"sudo\",\"phase\":\"account\",\"target_user\":null,\"command\":\"id\","
      "\"digest\":\"00ff\","
      "\"arguments\":null,\"verdict\":\"denied\",\"reason\":\"wrong-code\",\"rules\":\"ask\","
      "\"factor\":null}\n",
      json(wire::ActivityReport{.rows = {{.id = 1,
                                          .at = 7,
                                          .user = "alice",
                                          .uid = 1000,
                                          .session = {SessionKey::Kind::Audit, 7},
                                          .tty = "",
                                          .service = "sudo",
                                          .phase = "account",
                                          .target_user = "",
                                          .command = "id",
                                          .digest = "00ff",
                                          .arguments = "",
                                          .verdict = "denied",
                                          .reason = "wrong-code",
                                          .rules = "ask",
                                          .factor = ""}},
                                .more = false})
          .c_str());
  STRCMP_EQUAL(
      "{\"total\":1,\"sessions\":[{\"user\":\"root\",\"uid\":0,\"session\":\"logind:3\","
      "\"tty\":null,\"leader\":42,\"level\":\"otp\",\"factor\":\"totp\",\"scope\":\"session\","
      "\"age_seconds\":9}]}\n",
      json(wire::SessionList{.sessions = {{.uid = 0,
                                           .session = {SessionKey::Kind::Logind, 3},
                                           .tty = "",
                                           .leader = 42,
                                           .level = Level::Otp,
                                           .factor = FactorKind::Totp,
                                           .scope = Scope::Session,
                                           .age_seconds = 9}},
                             .total = 1})
          .c_str());
  STRCMP_EQUAL(
      "{\"ok\":false,\"findings\":[{\"check\":\"clock\",\"what\":\"a\",\"why\":\"b\","
      "\"remedy\":\"c\"}]}\n",
      json(std::vector<ctl::Finding>{
               {"clock", "a", "b", "c"}
  })
          .c_str());
  STRCMP_EQUAL(
      "{\"ok\":false,\"problems\":[{\"file\":\"f\",\"line\":1,\"column\":2,\"what\":\"w\"}]}\n",
      json(std::vector<rules::Problem>{
               {"f", 1, 2, "w"}
  })
          .c_str());
  policy::Rule rule;
  rule.name = "a";
  rule.origin = "f:1";
  rule.service = {"sudo"};
  const std::string set = json(rules::RuleSet{.settings = {}, .rules = {rule}, .masked = {"m"}});
  STRCMP_CONTAINS(
      "{\"ok\":true,\"problems\":[],\"mode\":\"enforce\",\"settings\":{\"mode\":\"enforce\",",
      set.c_str());
  STRCMP_CONTAINS("\"attempts.max_failures\":5,\"attempts.max_backoff\":\"15min\",", set.c_str());
  STRCMP_CONTAINS(
      "\"rules\":[{\"name\":\"a\",\"conditions\":\"service sudo\",\"demand\":\"otp within "
      "15min, scope session\",\"origin\":\"f:1\",\"enforced\":true}],\"masked\":[\"m\"]}\n",
      set.c_str());
  STRCMP_EQUAL(
      "{\"ok\":true,\"problems\":[],\"changes\":[{\"change\":\"-\",\"statement\":\"a = 1\"}]}\n",
      json(std::vector<rules::Change>{
               {false, "a = 1"}
  })
          .c_str());
}

TEST(CtlJsonReport, GivesEmptyListsAsLists) {
  STRCMP_EQUAL("{\"user\":\"a\",\"credentials\":[]}\n",
               json(wire::CredentialList{.user = "a", .credentials = {}}).c_str());
  STRCMP_EQUAL("{\"ok\":true,\"findings\":[]}\n", json(std::vector<ctl::Finding>{}).c_str());
}

TEST(CtlJsonReport, LetsNothingButAsciiThrough) {
  const std::string hostile = "\x1b[2J\n\xe2\x80\xae\xff\"}";
  const std::string text = json(wire::CredentialList{
      .user = hostile, .credentials = {{FactorKind::Totp, hostile, hostile, 0, 0}}});
  CHECK(text.ends_with("}\n"));
  CHECK(std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= 0x20 && c < 0x7f; }));
}

TEST(CtlJsonReport, ExplainsEachRuleAndTheDemand) {
  policy::Rule rule;
  rule.name = "root";
  rule.origin = "stepupd.conf:12";
  ctl::Explanation explanation;
  explanation.rules.push_back({
      &rule,
      true,
      {{"service", false, policy::Holds::Yes}, {"except_user", true, policy::Holds::Unknown}}
  });
  explanation.enforced = "otp within 15min, scope session";
  explanation.reported = explanation.enforced;
  STRCMP_EQUAL(
      R"({"rules":[{"name":"root","origin":"stepupd.conf:12","matches":true,"conditions":)"
      R"({"service":"yes","except_user":"unknown"},"demand":"otp within 15min, scope session",)"
      R"("enforced":true}],"demand":"otp within 15min, scope session","reported":)"
      R"("otp within 15min, scope session","remarks":[]})"
      "\n",
      json(explanation).c_str());
}
