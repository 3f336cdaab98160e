// SPDX-License-Identifier: ISC
#include <set>
#include <string>

#include "stepupd/ctl/monitor_mode.h"
#include "stepupd/ctl/sudo_users.h"
#include "stepupd/ctl/unified_diff.h"
#include "stepupd/ctl/way_back.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::ctl;

TEST_GROUP(CtlUnifiedDiff){};

TEST(CtlUnifiedDiff, IsThatOfDiff) {
  STRCMP_EQUAL("", unified_diff("a", "x\n", "b", "x\n").c_str());
  STRCMP_EQUAL("--- a\n+++ b\n@@ -3,4 +3,5 @@\n 3\n 4\n 5\n+new\n 6\n",
               unified_diff("a", "1\n2\n3\n4\n5\n6\n", "b", "1\n2\n3\n4\n5\nnew\n6\n").c_str());
  STRCMP_EQUAL("--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n", unified_diff("a", "", "b", "x\n").c_str());
  STRCMP_EQUAL("--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n", unified_diff("a", "x\n", "b", "").c_str());
}

TEST(CtlUnifiedDiff, SaysWhereAFinalNewlineIsMissing) {
  STRCMP_EQUAL(
      "--- a\n+++ b\n@@ -1 +1,2 @@\n-x\n\\ No newline at end of file\n+x\n+y\n"
      "\\ No newline at end of file\n",
      unified_diff("a", "x", "b", "x\ny").c_str());
}

TEST(CtlUnifiedDiff, PartsChangesThatAreFarApart) {
  const std::string between = "1\n2\n3\n4\n5\n6\n7\n";
  STRCMP_EQUAL("--- a\n+++ b\n@@ -1,3 +1,4 @@\n+x\n 1\n 2\n 3\n@@ -5,3 +6,4 @@\n 5\n 6\n 7\n+y\n",
               unified_diff("a", between, "b", "x\n" + between + "y\n").c_str());
}

TEST(CtlUnifiedDiff, ShowsNoEscapeSequence) {
  STRCMP_EQUAL("--- a\n+++ b\n@@ -0,0 +1 @@\n+\\x1b[2J\t.\n",
               unified_diff("a", "", "b", "\x1b[2J\t.\n").c_str());
}

TEST_GROUP(CtlSudoUsers){};

TEST(CtlSudoUsers, AreThoseWhoseCommandsRan) {
  const std::set<std::string> want = {"alice", "bob"};
  CHECK(want == sudo_users_in_journal(
                    "{\"MESSAGE\":\"   alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id\"}\n"
                    "{\"MESSAGE\":\"bob : PWD=/ ; USER=root ; COMMAND=/bin/id\"}\n"
                    "{\"MESSAGE\":\"root : PWD=/ ; USER=bob ; COMMAND=/bin/id\"}\n"
                    "{\"MESSAGE\":\"eve : user NOT in sudoers ; PWD=/ ; COMMAND=/bin/id\"}\n"
                    "{\"MESSAGE\":\"pam_unix(sudo:session): session opened for user root\"}\n"));
  CHECK(want == sudo_users_in_log(
                    "Nov 24 20:33:24 h sudo:    alice : TTY=pts/0 ; USER=root ; COMMAND=/bin/id\n"
                    "2026-11-24T20:33:24+00:00 h sudo[7]: bob : USER=root ; COMMAND=/bin/id\n"
                    "Nov 24 20:33:24 h sudoers: carl : COMMAND=/bin/id\n"
                    "Nov 24 20:33:24 h sshd[7]: dave : COMMAND=/bin/id\n"));
}

TEST(CtlSudoUsers, AreNobodyInNonsense) {
  for (const char* text : {"", "\n\n", "{", "[]\n", "{\"MESSAGE\":[1,2]}\n", "{\"MESSAGE\":7}\n",
                           "{\"MESSAGE\":\" : COMMAND=\"}\n",
                           "{\"MESSAGE\":\"a\\u001bb : COMMAND=x\"}\n", " sudo: \n", " sudo"}) {
    CHECK_TEXT(sudo_users_in_journal(text).empty(), text);
    CHECK_TEXT(sudo_users_in_log(text).empty(), text);
  }
}

TEST_GROUP(CtlMonitorMode){};

TEST(CtlMonitorMode, StandsWhereNoTableHasBegun) {
  STRCMP_EQUAL("# a\n#mode = \"enforce\"\nmode = \"monitor\"\n[[rule]]\n",
               with_monitor_mode("# a\n#mode = \"enforce\"\n[[rule]]\n").c_str());
  STRCMP_EQUAL("mode = \"monitor\"\n[[rule]]\n#mode = 1\n",
               with_monitor_mode("[[rule]]\n#mode = 1\n").c_str());
  STRCMP_EQUAL("mode = \"monitor\"\n", with_monitor_mode("").c_str());
  STRCMP_EQUAL("#mode = 1\nmode = \"monitor\"\n", with_monitor_mode("#mode = 1").c_str());
}

TEST_GROUP(CtlWayBack){};

TEST(CtlWayBack, KnowsAPasswordThatOpens) {
  const std::string hash = "$y$j9T$abcdefgh$0123456789";
  const struct {
    const char* name;
    std::string shadow;
    bool usable;
  } kCases[] = {
      {"hash",        "root:" + hash + ":1::::::\n",           true },
      {"locked",      "root:!" + hash + ":1::::::\n",          false},
      {"none",        "root:*:1::::::\n",                      false},
      {"empty",       "root::1::::::\n",                       false},
      {"another's",   "bob:" + hash + ":1:\nroot:*:1\n",       false},
      {"longer name", "rooter:" + hash + ":1:\n",              false},
      {"no file",     "",                                      false},
      {"no colon",    "root",                                  false},
      {"descrypt",    "bin:*:1\nroot:ab0123456789a:1::::::\n", true },
  };
  for (const auto& c : kCases) {
    CHECK_EQUAL_TEXT(c.usable, has_password(c.shadow, "root"), c.name);
  }
}
