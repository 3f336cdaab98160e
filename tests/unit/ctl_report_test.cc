// SPDX-License-Identifier: ISC
#include "stepupd/ctl/report.h"

#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

namespace {

using namespace stepup;
using ctl::import_outcome;
using ctl::render;

constexpr std::int64_t kNov25 = 1'795'635'659;  // 2026-11-25 19:40:59 UTC

}  // namespace

TEST_GROUP(CtlReport) {
  void setup() override {
    const char* const zone = getenv("TZ");
    had_zone_ = zone != nullptr;
    if (had_zone_) zone_ = zone;
    setenv("TZ", "UTC0", 1);
    tzset();
  }
  void teardown() override {
    if (had_zone_) {
      setenv("TZ", zone_.c_str(), 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
    zone_ = std::string();
  }

  bool had_zone_ = false;
  std::string zone_;
};

TEST(CtlReport, OfAnImportNamesEachLineAndWhatStaysBehind) {
  STRCMP_EQUAL(
      "LINE  USER   FACTOR  LABEL  DETAILS                    STATE\n"
      "3     alice  hotp    hotp   SHA1, 6 digits, counter 7  new\n"
      "12    b\\x0a  fido2   key    ES256, touch               enrolled already\n"
      "Line 3: its PIN does not come along.\n",
      render(std::vector<wire::ImportRow>{
                 {3,
                  "alice",   FactorKind::Hotp,
                  "hotp",                              "SHA1, 6 digits, counter 7",
                  false,                                                                  {"its PIN does not come along"}},
                 {12, "b\n", FactorKind::Fido2, "key", "ES256, touch",              true, {}                             }
  })
          .c_str());
  STRCMP_EQUAL("a\\x1bb:12:7: what", render(wire::ImportProblem{12, 7, "what"},
                                            "a\x1b"
                                            "b")
                                         .c_str());
}

TEST(CtlReport, OfAnImportSaysImportedOnlyOfWhatWas) {
  STRCMP_EQUAL("Imported.\n", import_outcome(2, 0).c_str());
  STRCMP_EQUAL("Imported 1 of 3: the others are enrolled already.\n", import_outcome(3, 2).c_str());
  STRCMP_EQUAL("Nothing was changed: all of it is enrolled already.\n",
               import_outcome(3, 3).c_str());
}

TEST(CtlReport, AlignsCredentialsUnderTheirHeadings) {
  const wire::CredentialList list{
      .user = "alice",
      .credentials = {
                      {.factor = FactorKind::Totp,
           .label = "phone",
           .details = "SHA1, 6 digits, 30 s",
           .created_at = 0,
           .last_used_at = kNov25},
                      {.factor = FactorKind::RecoveryCode,
           .label = "recovery-codes",
           .details = "8 of 10 unused",
           .created_at = kNov25,
           .last_used_at = 0},
                      }
  };
  STRCMP_EQUAL(
      "FACTOR         LABEL           DETAILS               ADDED             LAST USED\n"
      "totp           phone           SHA1, 6 digits, 30 s  -                 2026-11-25 19:40\n"
      "recovery_code  recovery-codes  8 of 10 unused        2026-11-25 19:40  never\n",
      render(list).c_str());
}

TEST(CtlReport, SaysThatNothingIsEnrolled) {
  STRCMP_EQUAL("alice has no second factor on this host.\n",
               render(wire::CredentialList{.user = "alice", .credentials = {}}).c_str());
}

TEST(CtlReport, TellsWhatIsProvedHowLongAgoAndHowFarItReaches) {
  const wire::StatusReport status{
      .daemon_version = "0.1.0",
      .session = "login session 3, /dev/pts/0",
      .grants = {{Level::Otp, FactorKind::Totp, Scope::Session, 185},
                 {Level::Otp, FactorKind::RecoveryCode, Scope::Tty, 12}},
      .rules = {{"root shells", "otp within 15min, scope session", "stepupd.conf:12", true},
                 {"trial", "otp every time, scope tty", "stepupd.conf.d/50-trial.conf:1", false}},
      .remarks = {"no rule matches su: nobody is asked"},
      .rules_digest = "0123abcd",
      .login = wire::LoginRow{0,
                 "sshd", "192.0.2.7",
                 "ssh", {"publickey", "security-key"},
                 {"hwk", "pop"},
                 Level::None,
                 62}
  };
  STRCMP_EQUAL(
      "Session:  login session 3, /dev/pts/0\n"
      "Login:    root by sshd from 192.0.2.7, publickey, security-key (amr: hwk, pop), proves "
      "nothing here, 1min 2s ago\n"
      "Proved:   otp by totp, 3min 5s ago, for this login session\n"
      "          otp by recovery_code, 12s ago, for this terminal\n"
      "Rules:    otp within 15min, scope session  \"root shells\" (stepupd.conf:12)\n"
      "          only reported: otp every time, scope tty  \"trial\" "
      "(stepupd.conf.d/50-trial.conf:1)\n"
      "Remarks:  no rule matches su: nobody is asked\n"
      "Digest:   0123abcd\n"
      "stepupd:  0.1.0\n",
      render(status).c_str());
}

TEST(CtlReport, TellsOfNothingProvedAndNoRules) {
  const wire::StatusReport status{.daemon_version = "0.1.0",
                                  .session = "no login session",
                                  .grants = {},
                                  .rules = {},
                                  .remarks = {},
                                  .rules_digest = "",
                                  .login = {}};
  STRCMP_EQUAL(
      "Session:  no login session\n"
      "Proved:   nothing\n"
      "Rules:    none\n"
      "stepupd:  0.1.0\n",
      render(status).c_str());
}

TEST(CtlReport, ListsWhatWasDecidedAndSaysTheHeadingOnce) {
  const wire::ActivityReport page{.rows = {{.id = 1,
                                            .at = kNov25,
                                            .user = "alice",
                                            .uid = 1000,
                                            .session = {SessionKey::Kind::Audit, 7},
                                            .tty = "pts/0",
                                            .service = "sudo",
                                            .phase = "account",
                                            .target_user = "",
                                            .command = "id",
                                            .digest = "00ff",
                                            .arguments = "-u id",
                                            .verdict = "granted",
                                            .reason = "proved",
                                            .rules = "ask",
                                            .factor = "totp"}},
                                  .more = false};
  const std::string row =
      "2026-11-25 19:40:59  alice  audit:7  pts/0  sudo     -       id: -u id  granted  proved by "
      "totp\n";
  STRCMP_EQUAL(("TIME                 USER   SESSION  TTY    SERVICE  TARGET  COMMAND    VERDICT  "
                "REASON\n" +
                row)
                   .c_str(),
               render(page, true).c_str());
  STRCMP_EQUAL(
      "2026-11-25 19:40:59  alice  audit:7  pts/0  sudo  -  id: -u id  granted  proved by totp\n",
      render(page, false).c_str());
  STRCMP_EQUAL("", render(wire::ActivityReport{}, false).c_str());
}

TEST(CtlReport, TellsWhatWasDoneInTheSession) {
  wire::StatusReport status;
  CHECK_FALSE(render(status).contains("Activity:"));
  status.activity = {3, 1, 62};
  STRCMP_CONTAINS("Activity: 3 commands here, 1 refused, the last one 1min 2s ago\n",
                  render(status).c_str());
  status.activity = {1, 0, 5};
  STRCMP_CONTAINS("Activity: 1 command here, 0 refused", render(status).c_str());
}

TEST(CtlReport, ListsSessionsAndSaysWhenThereAreMore) {
  wire::SessionList list{
      .sessions = {{.uid = 0,
                    .session = {SessionKey::Kind::Audit, 7},
                    .tty = "pts/0",
                    .leader = 4321,
                    .level = Level::Otp,
                    .factor = FactorKind::Totp,
                    .scope = Scope::Session,
                    .age_seconds = 65},
                   {.uid = 4'000'000'000,
                    .session = {},
                    .tty = "",
                    .leader = 1,
                    .level = Level::Otp,
                    .factor = FactorKind::RecoveryCode,
                    .scope = Scope::Tty,
                    .age_seconds = 1}},
      .total = 2
  };
  const std::string table =
      "USER        SESSION  TTY    LEADER  LEVEL  FACTOR         SCOPE    AGE\n"
      "root        audit:7  pts/0  4321    otp    totp           session  1min 5s\n"
      "4000000000  none:0   -      1       otp    recovery_code  tty      1s\n";
  STRCMP_EQUAL(table.c_str(), render(list).c_str());
  list.total = 9;
  STRCMP_EQUAL((table + "These are the newest of 9. See --user.\n").c_str(), render(list).c_str());
  STRCMP_EQUAL("No proof holds.\n", render(wire::SessionList{}).c_str());
}

TEST(CtlReport, MakesEveryForeignTextPrintable) {
  const std::string hostile = "\x1b[2J\n\xe2\x80\xae";
  const std::string all =
      render(wire::CredentialList{
          .user = hostile, .credentials = {{FactorKind::Totp, hostile, hostile, 0, 0}}
  }) +
      render(wire::CredentialList{.user = hostile, .credentials = {}}) +
      render(wire::StatusReport{
          .daemon_version = hostile,
          .session = hostile,
          .grants = {},
          .rules = {{hostile, hostile, hostile, true}},
          .remarks = {hostile},
          .rules_digest = hostile,
          .login =
              wire::LoginRow{0, hostile, hostile, hostile, {hostile}, {hostile}, Level::Otp, 0}}) +
      ctl::ticket_heading({.user = hostile, .ticket = {}, .expires_at = 0}) +
      ctl::ticket_advice({.user = hostile, .ticket = {}, .expires_at = 0});
  for (const char c : all) CHECK(c == '\n' || (c >= 0x20 && c < 0x7f));
  CHECK_EQUAL(12, std::count(all.begin(), all.end(), '\n'));
}

TEST(CtlReport, SaysForWhomAndUntilWhenATicketIs) {
  const wire::NewTicket ticket{.user = "alice", .ticket = {}, .expires_at = kNov25};
  STRCMP_EQUAL("Enrolment ticket for alice, good once, until 2026-11-25 19:40:\n",
               ctl::ticket_heading(ticket).c_str());
  STRCMP_EQUAL(
      "Give it to alice alone, who logs in to this host and types: stepupctl enroll totp\n",
      ctl::ticket_advice(ticket).c_str());
}
