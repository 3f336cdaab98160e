// SPDX-License-Identifier: ISC
// The request as it is built for a real PAM transaction of this program.
#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "pam_stepup/request_builder.h"
#include "tests/fakes/fake_stepupd.h"
#include "tests/fakes/fake_stepupd_conversation.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using pam_stepup::build_request;
using wire::CheckRequest;
using wire::Phase;

namespace {

// Two connected sockets of AF_UNIX; unless `maker_lives`, of a process that has ended.
int connected(bool maker_lives, int (&ends)[2]) {
  if (maker_lives) return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un any{};  // the kernel chooses an abstract address
  any.sun_family = AF_UNIX;
  socklen_t size = sizeof any.sun_family;
  auto* const address = reinterpret_cast<sockaddr*>(&any);
  if (bind(listener, address, size) != 0 || listen(listener, 1) != 0) return -1;
  size = sizeof any;
  (void)getsockname(listener, address, &size);
  const pid_t maker = fork();
  if (maker == 0) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    _exit(connect(fd, address, size));
  }
  (void)waitpid(maker, nullptr, 0);
  ends[0] = accept(listener, nullptr, nullptr);
  ends[1] = listener;
  return ends[0] < 0 ? -1 : 0;
}

}  // namespace

TEST_GROUP(PamRequest) {
  fakes::ScratchDirectory scratch;
  fakes::FakeConversation application;
  pam_handle_t* handle = nullptr;

  void setup() override {
    std::ofstream(scratch.file("stepup-test")) << "auth required pam_permit.so\n";
    CHECK_EQUAL(PAM_SUCCESS, pam_start_confdir("stepup-test", "root", application.conv(),
                                               scratch.path().c_str(), &handle));
  }
  void teardown() override { CHECK_EQUAL(PAM_SUCCESS, pam_end(handle, PAM_SUCCESS)); }

  void set(int item, const char* text) {
    CHECK_EQUAL(PAM_SUCCESS, pam_set_item(handle, item, text));
  }
};

TEST(PamRequest, SaysWhatPamAndTheSystemKnow) {
  set(PAM_RHOST, "192.0.2.1");
  set(PAM_TTY, "/dev/pts/7");
  const auto request = build_request(handle, Phase::Account);
  CHECK_TRUE(request.has_value());
  CHECK_TRUE(request->phase == Phase::Account);
  CHECK_TRUE(request->program == wire::Program::Other);
  STRCMP_EQUAL("stepup-test", request->service.c_str());
  STRCMP_EQUAL("root", request->pam_user.c_str());
  STRCMP_EQUAL("192.0.2.1", request->rhost_hint.c_str());
  STRCMP_EQUAL("/dev/pts/7", request->tty_hint.c_str());
  CHECK_EQUAL(0, request->pam_user_uid);

  std::vector<std::uint32_t> groups(wire::kMaxGroups);
  int count = static_cast<int>(groups.size());
  CHECK_TRUE(getgrouplist("root", 0, groups.data(), &count) > 0);
  groups.resize(static_cast<std::size_t>(count));
  CHECK_TRUE(request->groups == groups);

  const passwd* const self = getpwuid(getuid());
  STRCMP_EQUAL(self != nullptr ? self->pw_name : "", request->caller.c_str());
  CHECK_FALSE(request->argv_truncated);
  STRCMP_EQUAL(program_invocation_name, request->argv.at(0).c_str());

  timex clock{};
  const bool off = adjtimex(&clock) == TIME_ERROR || (clock.status & STA_UNSYNC) != 0;
  const bool filtered = prctl(PR_GET_SECCOMP) != 0;  // as in a container
  CHECK_TRUE(request->clock == (filtered ? wire::ClockState::Unknown
                                : off    ? wire::ClockState::Unsynchronised
                                         : wire::ClockState::Synchronised));
}

TEST(PamRequest, MakesNoCallOfTheClockWhereAFilterCouldKillItsProgram) {
  // As ProtectClock= and SystemCallFilter= of systemd.exec(5) do.
  sock_filter deadly[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_adjtimex, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_adjtime, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(deadly), deadly};
  const pid_t child = fork();
  if (child == 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
      _exit(1);
    }
    const auto request = build_request(handle, Phase::Auth);
    _exit(request && request->clock == wire::ClockState::Unknown ? 0 : 2);
  }
  int status = -1;
  CHECK_EQUAL(child, waitpid(child, &status, 0));
  CHECK_EQUAL(0, status);
}

TEST(PamRequest, OfPolkitsHelperAsAServiceNamesWhoConnectedToIt) {
  struct Case {
    const char* name;
    const char* service;
    bool socket;      // what standard input is
    bool peer_lives;  // who made that socket
    uid_t real_uid;   // a helper that is set-uid root has its caller's
    bool names;
  };
  constexpr uid_t kNobody = 65534;
  const Case cases[] = {
      {"a service",                    "polkit-1",    true,  true,  0,       true },
      {"one whose client is gone",     "polkit-1",    true,  false, 0,       false},
      {"set-uid, and given a socket",  "polkit-1",    true,  true,  kNobody, false},
      {"set-uid, with a pipe",         "polkit-1",    false, true,  kNobody, false},
      {"started by root, with a pipe", "polkit-1",    false, true,  0,       false},
      {"another service on a socket",  "stepup-test", true,  true,  0,       false},
  };
  const bool is_root = getuid() == 0;
  for (const Case& c : cases) {
    set(PAM_SERVICE, c.service);
    int ends[2];
    CHECK_EQUAL_TEXT(0, c.socket ? connected(c.peer_lives, ends) : pipe(ends), c.name);
    const pid_t child = fork();
    if (child == 0) {
      (void)dup2(ends[0], STDIN_FILENO);
      if (is_root && setresuid(c.real_uid, 0, 0) != 0) _exit(2);
      const auto request = build_request(handle, Phase::Auth);
      const bool named = request && request->requester.has_value();
      const bool right = !named || *request->requester == static_cast<std::uint32_t>(getppid());
      _exit(request && right && named == (is_root && c.names) ? 0 : 1);
    }
    int status = -1;
    CHECK_EQUAL_TEXT(child, waitpid(child, &status, 0), c.name);
    CHECK_EQUAL_TEXT(0, status, c.name);
    for (const int end : ends) (void)close(end);
  }
}

TEST(PamRequest, V60TakesTheWordOfNoProgramButSshdOnHowSomebodyLoggedIn) {
  CHECK_EQUAL(PAM_SUCCESS, pam_putenv(handle, "SSH_AUTH_INFO_0=publickey sk-ssh-ed25519 AAAA\n"));
  CHECK_FALSE(build_request(handle, Phase::OpenSession)->ssh_auth_info.has_value());
}

TEST(PamRequest, SaysOfNoModuleThatItTookAPasswordUnlessOneDid) {
  // What libpam gives to modules alone cannot be set here.
  CHECK_FALSE(build_request(handle, Phase::Auth)->has_authtok);
}

TEST(PamRequest, LeavesOutWhatNobodyKnows) {
  set(PAM_USER, "stepup-no-such-user");
  const auto request = build_request(handle, Phase::Auth);
  CHECK_TRUE(request.has_value());
  CHECK_EQUAL(kNoUid, request->pam_user_uid);
  CHECK_FALSE(request->groups.has_value());
  STRCMP_EQUAL("", request->rhost_hint.c_str());
  STRCMP_EQUAL("", request->tty_hint.c_str());
}

TEST(PamRequest, NeedsAServiceAndAUser) {
  CHECK_TRUE(build_request(handle, Phase::Auth).has_value());
  const auto check_refused = [&] {
    const auto request = build_request(handle, Phase::Auth);
    CHECK_FALSE(request.has_value());
    CHECK_TRUE(request.error().code == Errc::Internal);
  };
  set(PAM_USER, "");
  check_refused();
  set(PAM_USER, nullptr);
  check_refused();
  set(PAM_USER, "root");
  set(PAM_SERVICE, "");
  check_refused();
}
