// SPDX-License-Identifier: ISC
// What the module asks and answers, and what of it anybody else can see.
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/integration/pam_module.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;

// AddressSanitizer links its own library into the module.
#ifndef __SANITIZE_ADDRESS__
namespace {

// The output of a command, by line.
std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = popen(command.c_str(), "re");
  char line[4096];
  while (pipe != nullptr && fgets(line, sizeof line, pipe) != nullptr) lines.emplace_back(line);
  if (pipe == nullptr || pclose(pipe) != 0) return {};
  return lines;
}

}  // namespace
#endif  // __SANITIZE_ADDRESS__

TEST_GROUP_BASE(PamModule, PamModuleFixture){};

TEST(PamModule, ReturnsTheDocumentedCodeInEachPhase) {
  struct Case {
    const char* name;
    VerdictCode verdict;
    int auth;
    int account;
    int auth_alone;  // as the only module of its stack
  };
  const Case cases[] = {
      {"granted",      VerdictCode::Granted,     PAM_SUCCESS,          PAM_SUCCESS,          PAM_SUCCESS    },
      {"not required", VerdictCode::NotRequired, PAM_SUCCESS,          PAM_SUCCESS,          PAM_PERM_DENIED},
      {"denied",       VerdictCode::Denied,      PAM_AUTH_ERR,         PAM_PERM_DENIED,      PAM_AUTH_ERR   },
      {"locked out",   VerdictCode::LockedOut,   PAM_MAXTRIES,         PAM_PERM_DENIED,      PAM_MAXTRIES   },
      {"unavailable",  VerdictCode::Unavailable, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
       PAM_AUTHINFO_UNAVAIL                                                                                 },
  };
  for (const Case& c : cases) {
    const FakeStepupd daemon(socket_path, answering(c.verdict));
    FakeConversation application;
    write_stack("socket=" + socket_path);
    CHECK_EQUAL_TEXT(c.auth, authenticate(application), c.name);
    CHECK_EQUAL_TEXT(c.account, account(application), c.name);
    write_stack("socket=" + socket_path, "");
    CHECK_EQUAL_TEXT(c.auth_alone, authenticate(application), c.name);
    CHECK_EQUAL_TEXT(3, daemon.connections(), c.name);
    const bool positive =
        c.verdict == VerdictCode::Granted || c.verdict == VerdictCode::NotRequired;
    CHECK_EQUAL_TEXT(positive ? 0 : 3, application.texts(PAM_ERROR_MSG).size(), c.name);
  }
}

TEST(PamModule, SaysWhoAsksForWhat) {
  wire::CheckRequest request;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      if (auto packet = connection.receive()) {
        if (auto decoded = wire::decode<wire::CheckRequest>(*packet)) request = *decoded;
      }
      connection.send(verdict_of(VerdictCode::Granted));
    });
    FakeConversation application;
    const Transaction transaction(confdir, application.conv());
    CHECK_EQUAL(0, pam_set_item(transaction.handle(), PAM_TTY, "/dev/pts/7"));
    CHECK_EQUAL(0, pam_set_item(transaction.handle(), PAM_RHOST, "192.0.2.1"));
    CHECK_EQUAL(0, transaction.account());
  }
  CHECK_TRUE(request.phase == wire::Phase::Account);
  CHECK_TRUE(request.program == wire::Program::Other);
  STRCMP_EQUAL(kService, request.service.c_str());
  STRCMP_EQUAL("root", request.pam_user.c_str());
  CHECK_EQUAL(0, request.pam_user_uid);
  STRCMP_EQUAL("root", request.caller.c_str());
  STRCMP_EQUAL("/dev/pts/7", request.tty_hint.c_str());
  STRCMP_EQUAL("192.0.2.1", request.rhost_hint.c_str());
  CHECK_TRUE(request.groups.has_value());
  CHECK_TRUE(std::ranges::find(*request.groups, 0U) != request.groups->end());
  CHECK_TRUE(contains(request.argv.at(0), "pam_module_test"));
  CHECK_FALSE(request.argv_truncated);
}

TEST(PamModule, RefusesAnOptionThatItDoesNotKnow) {
  const FakeStepupd daemon(socket_path, answering(VerdictCode::Granted));
  for (const std::string options : {"debug", "timeout=0", "socket=run/stepupd.sock", "nouserok"}) {
    write_stack("socket=" + socket_path + " " + options);
    FakeConversation application;
    CHECK_EQUAL(PAM_SYSTEM_ERR, authenticate(application));
    CHECK_EQUAL(PAM_SYSTEM_ERR, account(application));
    CHECK_TRUE(contains(application.heard().at(0).text, options));
    CHECK_EQUAL(2, application.heard().size());
  }
  CHECK_EQUAL(0, daemon.connections());
}

TEST(PamModule, RefusesAnItemThatDoesNotFitAndNeverCutsIt) {
  bool sent = false;
  {
    const FakeStepupd daemon(
        socket_path, [&](FakeConnection& connection) { sent = connection.receive().has_value(); });
    FakeConversation application;
    const Transaction transaction(confdir, application.conv());
    CHECK_EQUAL(0, pam_set_item(transaction.handle(), PAM_RHOST, std::string(257, 'a').c_str()));
    CHECK_EQUAL(PAM_SYSTEM_ERR, transaction.account());
    CHECK_EQUAL(PAM_SYSTEM_ERR, transaction.authenticate());
  }
  CHECK_FALSE(sent);
}

TEST(PamModule, SetsNoCredentialsAndAsksNobody) {
  const FakeStepupd daemon(socket_path, answering(VerdictCode::Denied));
  FakeConversation application;
  const Transaction transaction(confdir, application.conv());
  for (const int flag :
       {PAM_ESTABLISH_CRED, PAM_DELETE_CRED, PAM_REINITIALIZE_CRED, PAM_REFRESH_CRED}) {
    CHECK_EQUAL(PAM_SUCCESS, pam_setcred(transaction.handle(), flag));
  }
  CHECK_EQUAL(0, daemon.connections());
}

#ifndef __SANITIZE_ADDRESS__
TEST(PamModule, ExportsItsEntryPointsAndNeedsNothingButLibpamAndLibc) {
  std::set<std::string> exported;
  for (const std::string& line : lines_of("nm -D --defined-only " + module_file())) {
    std::istringstream words(line);
    std::string address, type, name;
    words >> address >> type >> name;
    exported.insert(name);
  }
  CHECK_TRUE(exported == (std::set<std::string>{"pam_sm_acct_mgmt", "pam_sm_authenticate",
                                                "pam_sm_close_session", "pam_sm_open_session",
                                                "pam_sm_setcred"}));
  int needed = 0;
  for (const std::string& line : lines_of("readelf -d " + module_file())) {
    if (!contains(line, "(NEEDED)")) continue;
    ++needed;
    CHECK_TEXT(contains(line, "[libpam.so.0]") || contains(line, "[libc.so.6]") ||
                   contains(line, "[ld-linux"),
               line.c_str());
  }
  CHECK_TRUE(needed >= 2);
  // Nothing that would start a process or a thread, read the environment, or change how the host
  // takes signals.
  const std::set<std::string> kForbidden = {
      "getenv",      "secure_getenv", "setenv",  "putenv",   "fork",  "vfork",
      "execve",      "system",        "popen",   "signal",   "alarm", "pthread_create",
      "umask",       "chdir",         "openlog", "closelog", "exit",  "setlocale",
      "posix_spawn", "atexit",        "printf",  "puts",     "clone"};
  const auto undefined = lines_of("nm -D --undefined-only " + module_file());
  CHECK_TRUE(undefined.size() > 10);
  for (const std::string& line : undefined) {
    std::istringstream words(line);
    std::string type, name;
    words >> type >> name;
    CHECK_TEXT(!kForbidden.contains(name.substr(0, name.find('@'))), name.c_str());
  }
}
#endif  // __SANITIZE_ADDRESS__

TEST(PamModule, DoesNotLookAtTheEnvironment) {
  const auto ask = [&](int* code) {
    wire::CheckRequest request;
    {
      const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
        if (auto packet = connection.receive()) {
          if (auto decoded = wire::decode<wire::CheckRequest>(*packet)) request = *decoded;
        }
        connection.send(refusal(VerdictCode::Denied));
      });
      FakeConversation application;
      *code = account(application);
      CHECK_TRUE(contains(application.heard().at(0).text, "was refused"));
    }
    return request;
  };
  int code = 0;
  const wire::CheckRequest plain = ask(&code);
  CHECK_EQUAL(PAM_PERM_DENIED, code);

  const FakeStepupd granting(scratch.file("granting.sock"), answering(VerdictCode::Granted));
  std::vector<std::string> names = {"STEPUP_SOCKET",
                                    "STEPUPD_SOCKET",
                                    "SOCKET",
                                    "HOME",
                                    "USER",
                                    "LOGNAME",
                                    "SUDO_USER",
                                    "SUDO_UID",
                                    "SSH_AUTH_SOCK",
                                    "SSH_CONNECTION",
                                    "XDG_SESSION_ID",
                                    "XDG_SEAT",
                                    "DISPLAY",
                                    "TERM",
                                    "TMPDIR",
                                    "LANG",
                                    "LC_ALL",
                                    "LANGUAGE",
                                    "NLSPATH",
                                    "LOCPATH",
                                    "GCONV_PATH",
                                    "HOSTALIASES",
                                    "RES_OPTIONS",
                                    "LD_PRELOAD",
                                    "LD_LIBRARY_PATH",
                                    "GLIBCXX_TUNABLES",
                                    "GLIBC_TUNABLES",
                                    "MALLOC_CHECK_",
                                    "NOTIFY_SOCKET",
                                    "LISTEN_FDS",
                                    "LISTEN_PID"};
  while (names.size() < 200) names.push_back("STEPUP_" + std::to_string(names.size()));
  for (const std::string& name : names) (void)setenv(name.c_str(), granting.path().c_str(), 1);
  const wire::CheckRequest hostile = ask(&code);
  for (const std::string& name : names) (void)unsetenv(name.c_str());
  CHECK_EQUAL(PAM_PERM_DENIED, code);
  CHECK_TRUE(hostile == plain);
  CHECK_EQUAL(0, granting.connections());
}
