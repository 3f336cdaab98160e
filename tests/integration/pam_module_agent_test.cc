// SPDX-License-Identifier: ISC
// The connection to its caller's ssh agent that the module hands over (ARCHITECTURE section 11,
// Agent hand-over).  This program plays sudo: by that name, and with another real uid than root's.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <functional>
#include <string>

#include "stepupd/base/boot_time.h"
#include "tests/integration/agent_caller.h"
#include "tests/integration/surroundings.h"

#include "tests/integration/pam_module.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::AgentOutcome;
using wire::VerdictCode;

namespace stepup::fakes {

int play_watched_sudo(const char* confdir) {
  (void)prctl(PR_SET_DUMPABLE, 1);
  (void)prctl(PR_SET_PDEATHSIG, SIGUSR1);
  const Surroundings before = look_around();
  FakeConversation application;
  {
    const Transaction transaction(confdir, application.conv());
    if (transaction.account() != PAM_SUCCESS) return 1;
  }
  if (!before.difference(look_around()).empty()) return 2;
  int death_signal = 0;
  (void)prctl(PR_GET_PDEATHSIG, &death_signal);
  if (death_signal != SIGUSR1) return 4;
  return prctl(PR_GET_DUMPABLE) == 1 ? 0 : 5;
}

}  // namespace stepup::fakes

namespace {

// What the daemon was answered.
struct Handed {
  bool answered = false;
  AgentOutcome outcome = AgentOutcome::Absent;
  UniqueFd agent;
  int exit_code = -1;
  BootTime took{};
};

}  // namespace

struct AgentFixture : public PamModuleFixture {
  std::string sudo = scratch.file("sudo");
  std::string home = scratch.file("caller");  // where the caller's socket is
  std::string path = home + "/agent";

  void setup() override {
    PamModuleFixture::setup();
    std::filesystem::copy_file(own_file(), sudo);
    std::filesystem::create_directory(home);
    CHECK_EQUAL(0, chown(home.c_str(), kCaller, kCaller));
    (void)chmod(scratch.path().c_str(), 0755);
  }

  // Has the sudo of kCaller, with `variable` in its environment, asked for its agent.
  [[nodiscard]] Handed ask(const std::string& variable) const {
    Handed handed;
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      (void)connection.receive();
      connection.send(wire::AgentRequest{});
      const BootTime start = boot_now();
      if (const auto packet = connection.receive(&handed.agent)) {
        handed.took = boot_now() - start;
        const auto answer = wire::decode<wire::AgentAnswer>(*packet);
        handed.answered =
            answer.has_value() && packet->header.type == wire::MessageType::AgentAnswer;
        if (answer) handed.outcome = answer->outcome;
      }
      connection.send(verdict_of(VerdictCode::Granted));
    });
    handed.exit_code = run_as_caller({sudo, confdir, "watched"}, variable);
    return handed;
  }

  void check_not_handed(const std::string& variable, AgentOutcome want, const char* name) const {
    const Handed handed = ask(variable);
    CHECK_EQUAL_TEXT(0, handed.exit_code, name);
    CHECK_TEXT(handed.answered, name);
    CHECK_TEXT(handed.outcome == want, name);
    CHECK_TEXT(!(static_cast<bool>(handed.agent)), name);
    CHECK_TEXT(handed.took < 500ms, name);
  }
};

TEST_GROUP_BASE(PamModuleAgent, AgentFixture){};

TEST(PamModuleAgent, HandsOverAConnectionToItsCallersAgentAndPutsEverythingBack) {
  const AgentListener agent(path, kCaller);
  Handed handed = ask("SSH_AUTH_SOCK=" + path);
  CHECK_EQUAL(0, handed.exit_code);
  CHECK_TRUE(handed.outcome == AgentOutcome::Connected);
  CHECK_TRUE((fcntl(handed.agent.get(), F_GETFL) & O_NONBLOCK) != 0);
  const UniqueFd at_agent(accept4(agent.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  // The first byte is what stepupd says.
  CHECK_EQUAL(1, send(handed.agent.get(), "!", 1, MSG_NOSIGNAL));
  char byte = 0;
  CHECK_EQUAL(1, recv(at_agent.get(), &byte, 1, 0));
  CHECK_EQUAL('!', byte);
  // Nobody else has it open.
  handed.agent.reset();
  CHECK_EQUAL(0, recv(at_agent.get(), &byte, 1, 0));
}

TEST(PamModuleAgent, HandsOverNothingButASocketOfItsCallers) {
  check_not_handed("NO_AGENT=1", AgentOutcome::Absent, "none named");
  check_not_handed("SSH_AUTH_SOCK=", AgentOutcome::Absent, "empty");
  check_not_handed("SSH_AUTH_SOCK=caller/agent", AgentOutcome::Absent, "relative");
  check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unreachable, "nothing there");
  {
    const AgentListener agent(path, kCaller);
    check_not_handed("SSH_AUTH_SOCK=" + path + "/x", AgentOutcome::Unreachable, "below a socket");
    check_not_handed("SSH_AUTH_SOCK=" + home + "/../caller/agent", AgentOutcome::Unfit, "upwards");
    CHECK_EQUAL(0, symlink(path.c_str(), (home + "/link").c_str()));
    check_not_handed("SSH_AUTH_SOCK=" + home + "/link", AgentOutcome::Unfit, "symbolic link");
    CHECK_EQUAL(0, symlink(home.c_str(), (home + "/way").c_str()));
    check_not_handed("SSH_AUTH_SOCK=" + home + "/way/agent", AgentOutcome::Unfit, "through a link");
    // The caller has no business there, whatever root may do.
    CHECK_EQUAL(0, chown(home.c_str(), 0, 0));
    CHECK_EQUAL(0, chmod(home.c_str(), 0700));
    check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unfit, "closed directory");
    CHECK_EQUAL(0, chmod(home.c_str(), 0755));
    CHECK_EQUAL(0, chown(home.c_str(), kCaller, kCaller));
    CHECK_EQUAL(0, chmod(path.c_str(), 0));
    check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unreachable, "closed socket");
    CHECK_FALSE(readable(agent.fd(), 0ms));
  }
  {
    const AgentListener agent(path, 0);
    check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unfit, "another owner");
    CHECK_EQUAL(0, chown(path.c_str(), kCaller, kCaller));
    check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unfit, "another's listener");
    // It was connected to, and told nothing.
    const UniqueFd at_agent(accept4(agent.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    char byte = 0;
    CHECK_EQUAL(0, recv(at_agent.get(), &byte, 1, 0));
  }
  {
    const AgentListener agent(path, kCaller, 0);
    const UniqueFd first = agent.connect_once();
    check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unreachable, "full backlog");
  }
  CHECK_EQUAL(0, mkfifo(path.c_str(), 0666));
  CHECK_EQUAL(0, chown(path.c_str(), kCaller, kCaller));
  check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unfit, "FIFO");
  CHECK_EQUAL(0, unlink(path.c_str()));
  std::ofstream(path) << "text";
  CHECK_EQUAL(0, chown(path.c_str(), kCaller, kCaller));
  check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unfit, "regular file");
  check_not_handed("SSH_AUTH_SOCK=/dev/null", AgentOutcome::Unfit, "device");
}

TEST(PamModuleAgent, TakesNoOtherAgentWhereTheLoginSessionCannotBeTold) {
  char directory[] = "/tmp/ssh-XXXXXXXXXX";
  CHECK_TRUE(mkdtemp(directory) != nullptr);
  CHECK_EQUAL(0, chown(directory, kCaller, kCaller));
  {
    const AgentListener other(std::string(directory) + "/agent.1", kCaller);
    check_not_handed("SSH_AUTH_SOCK=" + path, AgentOutcome::Unreachable, "stale");
    CHECK_TRUE(readable(other.fd(), 0ms));  // found, looked at, and left
  }
  std::filesystem::remove_all(directory);
}
