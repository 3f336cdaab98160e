// SPDX-License-Identifier: ISC
// The module's session phase, which reports and decides nothing.
#include <stdlib.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/base/boot_time.h"

#include "tests/integration/pam_module.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;

TEST_GROUP_BASE(PamModuleSession, PamModuleFixture){};

TEST(PamModuleSession, ReportsSessionsAndNeverDecidesThem) {
  struct Case {
    const char* name;
    FakeStepupd::Script script;
  };
  const Case cases[] = {
      {"taken note of", answering(VerdictCode::NotRequired)                       },
      {"denied",        answering(VerdictCode::Denied)                            },
      {"closed",        [](FakeConnection&) {}                                    },
      {"asked",
       [](FakeConnection& connection) {
         (void)connection.receive();
         connection.send(kPrompt);
         connection.await_end();
       }                                                                          },
      {"not answered",  [](FakeConnection& connection) { connection.await_end(); }},
  };
  for (const Case& c : cases) {
    const FakeStepupd daemon(socket_path, c.script);
    FakeConversation application({"755224"});
    const Transaction transaction(confdir, application.conv());
    const BootTime before = boot_now();
    CHECK_EQUAL_TEXT(PAM_SUCCESS, pam_open_session(transaction.handle(), 0), c.name);
    CHECK_TEXT(boot_now() - before < 600ms, c.name);
    CHECK_EQUAL_TEXT(0, application.heard().size(), c.name);
    CHECK_EQUAL_TEXT(1, daemon.connections(), c.name);
  }
  std::vector<wire::Phase> phases;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      if (auto packet = connection.receive()) {
        if (auto request = wire::decode<wire::CheckRequest>(*packet)) {
          phases.push_back(request->phase);
        }
      }
      connection.send(verdict_of(VerdictCode::NotRequired));
    });
    FakeConversation application;
    const Transaction transaction(confdir, application.conv());
    CHECK_EQUAL(PAM_SUCCESS, pam_open_session(transaction.handle(), 0));
    CHECK_EQUAL(PAM_SUCCESS, pam_close_session(transaction.handle(), 0));
  }
  CHECK_TRUE(phases == (std::vector{wire::Phase::OpenSession, wire::Phase::CloseSession}));
  FakeConversation application;
  const Transaction transaction(confdir, application.conv());
  CHECK_EQUAL(PAM_SUCCESS, pam_open_session(transaction.handle(), 0));  // nobody listens
  write_stack("nonsense");
  CHECK_EQUAL(PAM_SUCCESS, pam_close_session(transaction.handle(), 0));
}

TEST(PamModuleSession, ReportsNoSessionOfSudo) {
  // This program by another name: the module goes by /proc/self/exe.
  const std::string sudo = scratch.file("sudo");
  std::filesystem::copy_file(own_file(), sudo);
  std::vector<wire::CheckRequest> requests;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      if (auto packet = connection.receive()) {
        if (auto request = wire::decode<wire::CheckRequest>(*packet)) {
          requests.push_back(std::move(*request));
        }
      }
      connection.send(verdict_of(VerdictCode::Granted));
    });
    CHECK_EQUAL(0, system((sudo + " " + confdir).c_str()));
  }
  // The account phase asked, and the session was not reported.
  CHECK_EQUAL(1, requests.size());
  CHECK_TRUE(requests[0].program == wire::Program::Sudo);
  CHECK_TRUE(requests[0].phase == wire::Phase::Account);
  CHECK_FALSE(requests[0].groups.has_value());
  CHECK_TRUE(requests[0].argv == (std::vector{sudo, confdir}));
}

TEST(PamModuleSession, ReportsOfSshdHowSomebodyLoggedIn) {
  const std::string sshd = scratch.file("sshd");
  std::filesystem::copy_file(own_file(), sshd);
  const std::string longest(wire::kMaxAuthInfo, 'x');
  const struct {
    std::string told;
    bool known;
  } cases[] = {
      {"publickey ssh-ed25519 AAAA", true },
      {longest,                      true },
      {longest + "x",                false},
  };
  for (const auto& c : cases) {
    std::optional<std::string> heard;
    {
      const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
        if (auto packet = connection.receive()) {
          if (auto request = wire::decode<wire::CheckRequest>(*packet)) {
            heard = std::move(request->ssh_auth_info);
          }
        }
        connection.send(verdict_of(VerdictCode::NotRequired));
      });
      CHECK_EQUAL(0, system((sshd + " " + confdir + " '" + c.told + "'").c_str()));
    }
    CHECK_EQUAL(c.known, heard.has_value());
    if (c.known) STRCMP_EQUAL(c.told.c_str(), heard->c_str());
  }
}
