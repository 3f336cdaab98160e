// SPDX-License-Identifier: ISC
// What sudo's plugin makes of what sudo tells it.
#include <string>
#include <utility>
#include <vector>

#include "pam_stepup/conversation.h"
#include "sudo_approval/command_info.h"
#include "sudo_approval/sudo_conversation.h"
#include "tests/fakes/fake_sudo.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::sudo_approval;
using wire::CancelReason;

using fakes::sudo_converses;
using fakes::Told;

TEST_GROUP(SudoApproval) {
  Told told_here;
  SudoConversation sudo{sudo_converses, true};
  void setup() override { fakes::told = &told_here; }
  void teardown() override { fakes::told = nullptr; }
};

TEST(SudoApproval, FindsAValueByItsWholeName) {
  const char* const vector[] = {"runas_uid=0", "command=/usr/bin/id", "cwd=/a=b", "empty=",
                                "bare",        "command=second",      nullptr};
  STRCMP_EQUAL("/usr/bin/id", std::string(value_of(vector, "command")).c_str());
  STRCMP_EQUAL("/a=b", std::string(value_of(vector, "cwd")).c_str());
  for (const char* name : {"runas", "empty", "bare", "comman", ""}) {
    CHECK_TEXT(value_of(vector, name).empty(), name);
  }
  CHECK_TRUE(value_of(nullptr, "command").empty());
}

TEST(SudoApproval, SendsTheCommandThatSudoDecidedOn) {
  const char* const info[] = {"command=/usr/bin/psql", "cwd=/srv", nullptr};
  const char* const argv[] = {"psql", "-c", "", nullptr};
  CHECK_TRUE(
      exact_command(info, argv) ==
      (wire::ExactCommand{
          .path = "/usr/bin/psql", .argv = {"psql", "-c", ""},
               .truncated = false, .cwd = "/srv"
  }));
}

// A command that is known by half could fit an exception that the whole does not fit.
TEST(SudoApproval, SaysThatACommandBeyondTheLimitsIsNotWhole) {
  const std::string path = "command=/" + std::string(wire::kMaxExactPath, 'x');
  const char* const long_path[] = {path.c_str(), nullptr};
  const char* const id[] = {"id", nullptr};
  CHECK_TRUE(exact_command(long_path, id).truncated);

  const char* const info[] = {"command=/usr/bin/id", nullptr};
  const std::string fits(wire::kMaxExactBytes - 2, 'x');
  const std::vector<const char*> longest = {"id", fits.c_str(), nullptr};
  CHECK_FALSE(exact_command(info, longest.data()).truncated);
  const std::vector<const char*> longer = {"id", fits.c_str(), "x", nullptr};
  CHECK_TRUE(exact_command(info, longer.data()).truncated);
  std::vector<const char*> many(wire::kMaxExactWords, "x");
  many.push_back(nullptr);
  CHECK_FALSE(exact_command(info, many.data()).truncated);
  many.insert(many.begin(), "x");
  CHECK_TRUE(exact_command(info, many.data()).truncated);
}

// sudo names the editor as the command.
TEST(SudoApproval, SendsTheFilesOfAnEditWhateverTheEditor) {
  struct Case {
    const char* name;
    std::vector<const char*> argv;
    std::vector<std::string> want;
  };
  const Case cases[] = {
      {"files",            {"vi", "--", "/etc/motd", "x", nullptr},       {"sudoedit", "/etc/motd", "x"}},
      {"editor's words",   {"vi", "-u", "x", "--", "/etc/motd", nullptr}, {"sudoedit", "/etc/motd"}     },
      {"the first dashes", {"vi", "--", "a", "--", "b", nullptr},         {"sudoedit", "a", "--", "b"}  },
      {"no files",         {"vi", nullptr},                               {"sudoedit"}                  },
  };
  for (const Case& c : cases) {
    const char* const info[] = {"command=/usr/bin/vi", "sudoedit=true", nullptr};
    const auto exact = exact_command(info, c.argv.data());
    STRCMP_EQUAL_TEXT("sudoedit", exact.path.c_str(), c.name);
    CHECK_TEXT(exact.argv == c.want && !exact.truncated, c.name);
  }
  const char* const no_edit[] = {"command=/usr/bin/vi", "sudoedit=false", nullptr};
  const char* const argv[] = {"vi", "--", "/etc/motd", nullptr};
  STRCMP_EQUAL("/usr/bin/vi", exact_command(no_edit, argv).path.c_str());
}

TEST(SudoApproval, SendsAShellAsACommandThatIsNotWhole) {
  const char* const info[] = {"command=/usr/bin/bash", "runas_uid=0", nullptr};
  const char* const argv[] = {"-bash", nullptr};
  CHECK_TRUE(build_request(info, argv, nullptr, true)->exact->truncated);
  CHECK_FALSE(build_request(info, argv, nullptr, false)->exact->truncated);
  for (const char* setting : {"run_shell=true", "login_shell=true", "implied_shell=true"}) {
    const char* const settings[] = {"progname=foosudo", setting, nullptr};
    CHECK_TRUE_TEXT(runs_shell(settings), setting);
  }
  const char* const none[] = {"progname=run_shell=true", "run_shell=false", nullptr};
  CHECK_FALSE(runs_shell(none));
  CHECK_FALSE(runs_shell(nullptr));
}

TEST(SudoApproval, RefusesWhenSudoNamesNoCommandOrNobodyToRunItAs) {
  const char* const argv[] = {"id", nullptr};
  struct Case {
    const char* name;
    std::vector<const char*> info;
  };
  const Case cases[] = {
      {"nothing",            {nullptr}                                                  },
      {"no command",         {"runas_uid=0", nullptr}                                   },
      {"no uid",             {"command=/usr/bin/id", nullptr}                           },
      {"not a uid",          {"command=/usr/bin/id", "runas_uid=root", nullptr}         },
      {"a uid and more",     {"command=/usr/bin/id", "runas_uid=0x", nullptr}           },
      {"nobody's uid",       {"command=/usr/bin/id", "runas_uid=4294967295", nullptr}   },
      {"a negative one",     {"command=/usr/bin/id", "runas_uid=-1", nullptr}           },
      {"effective is wrong", {"command=/bin/id", "runas_uid=0", "runas_euid=x", nullptr}},
  };
  for (const Case& c : cases) {
    CHECK_TEXT(!build_request(c.info.data(), argv, nullptr, false).has_value(), c.name);
  }
  CHECK_FALSE(build_request(nullptr, argv, nullptr, false).has_value());
}

TEST(SudoApproval, AsksAsTheApprovalPhaseOfSudo) {
  const char* const info[] = {"command=/usr/bin/id", "runas_uid=0", "runas_user=root", nullptr};
  const char* const argv[] = {"id", nullptr};
  const char* const user[] = {"tty=/dev/pts/7", nullptr};
  const auto request = build_request(info, argv, user, false);
  CHECK_TRUE(request.has_value());
  CHECK_TRUE(request->phase == wire::Phase::Approval);
  STRCMP_EQUAL("sudo", request->service.c_str());
  STRCMP_EQUAL("root", request->pam_user.c_str());
  UNSIGNED_LONGS_EQUAL(0, request->pam_user_uid);
  STRCMP_EQUAL("/dev/pts/7", request->tty_hint.c_str());
  STRCMP_EQUAL("/usr/bin/id", request->exact->path.c_str());
}

TEST(SudoApproval, TalksThroughSudo) {
  const pam_conv with_sudo = conv(sudo);
  pam_stepup::Conversation conversation(&with_sudo);
  CHECK_TRUE(conversation.ask("Code: ", false)->text() == "755224");
  CHECK_TRUE(conversation.ask("Name: ", true)->text() == "755224");
  conversation.notify("Hello.");
  CHECK_TRUE(told_here.messages == (std::vector<std::pair<int, std::string>>{
                                       {SUDO_CONV_PROMPT_ECHO_OFF,                  "Code: "  },
                                       {SUDO_CONV_PROMPT_ECHO_ON,                   "Name: "  },
                                       {SUDO_CONV_ERROR_MSG | SUDO_CONV_PREFER_TTY, "Hello.\n"},
  }));
}

TEST(SudoApproval, HasNoAnswerWhenSudoHasNone) {
  const pam_conv with_sudo = conv(sudo);
  pam_stepup::Conversation conversation(&with_sudo);
  told_here.answer = nullptr;
  CHECK_TRUE(conversation.ask("Code: ", false).error() == CancelReason::NoConversation);
  told_here.answer = "";
  CHECK_TRUE(conversation.ask("Code: ", false).error() == CancelReason::EmptyAnswer);
  told_here.result = -1;
  CHECK_TRUE(conversation.ask("Code: ", false).error() == CancelReason::NoConversation);
}

TEST(SudoApproval, NeverAsksUnderSudoN) {
  sudo.may_ask = false;
  const pam_conv with_sudo = conv(sudo);
  pam_stepup::Conversation conversation(&with_sudo);
  CHECK_TRUE(conversation.ask("Code: ", false).error() == CancelReason::NoConversation);
  CHECK_TRUE(told_here.messages.empty());
  conversation.refuse("Refused.");
  UNSIGNED_LONGS_EQUAL(1, told_here.messages.size());
}
