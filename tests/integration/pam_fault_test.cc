// SPDX-License-Identifier: ISC
// The module when a call of libc or libpam fails inside it: each call in turn.  Needs root, as
// pam_module_test does.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/fakes/fail_nth.h"
#include "tests/integration/agent_caller.h"
#include "tests/integration/surroundings.h"

#include "tests/integration/pam_module.h"  // CppUTest comes last

#include <CppUTest/CommandLineTestRunner.h>
#include <CppUTest/MemoryLeakWarningPlugin.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::Phase;
using wire::VerdictCode;

namespace {

constexpr const char* kRightCode = "755224";
constexpr auto kPatience = 500ms;  // of the daemon with an answer that could not be sent

// What one process came to; in memory that it shares with us.
struct Run {
  int code;                      // of the phase, as the module returned it
  std::array<char, 24> failed;   // the first call that failed, if any
  std::array<char, 24> changed;  // what the module did not leave as it was, if anything
};

// What the daemon says, and what the module makes of that when nothing fails.
struct Course {
  const char* name;
  bool asks;
  VerdictCode verdict;
  int auth;
  int account;
  bool agent = false;  // asks for an agent, and for nothing else
};
constexpr Course kCourses[] = {
    {"granted",                    false, VerdictCode::Granted,     PAM_SUCCESS,  PAM_SUCCESS    },
    {"granted for the right code", true,  VerdictCode::Granted,     PAM_SUCCESS,  PAM_SUCCESS    },
    {"not required",               false, VerdictCode::NotRequired, PAM_IGNORE,   PAM_SUCCESS    },
    {"denied",                     false, VerdictCode::Denied,      PAM_AUTH_ERR, PAM_PERM_DENIED},
    {"denied after a question",    true,  VerdictCode::Denied,      PAM_AUTH_ERR, PAM_PERM_DENIED},
};
constexpr Fault kFaults[] = {Fault::Once, Fault::FromThenOn, Fault::Interrupted};

bool refuses(int code) {
  static const std::set<int> kRefusals = {PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_CONV_ERR,
                                          PAM_AUTHINFO_UNAVAIL, PAM_SYSTEM_ERR};
  return kRefusals.contains(code);
}

// Whether a verdict may be followed although this call failed: the daemon was told that the fact is
// not known (see admits()), or the verdict does not depend on it.
bool can_do_without(const std::string& call) {
  static const std::set<std::string> kNames = {
      "adjtimex",         // the state of the clock, for words alone
      "clock_gettime",    // a deadline comes too early, or later
      "close",            // closed all the same
      "getgrouplist",     // groups unknown
      "getpwuid_r",       // the caller's name unknown
      "open",             // the command line unknown
      "read",             // the same
      "pam_get_item",     // host and terminal, which are hints; or the person cannot be asked
      "pam_getenv",       // how sshd let somebody in unknown
      "setfsuid",         // only where it asks what is in force, which cannot fail
      "setfsgid",         // the same
      "prctl",            // where it asks what has to be put back, which is set in any case then
      "pthread_sigmask",  // Ctrl-C ends the program, not the wait
      "sigaction",        // a signal that is ignored ends the wait
      "sigpending",       // Ctrl-C is seen at the next look
  };
  return kNames.contains(call);
}

// Whether `told` is `known`, or says of a fact that it is unknown; it never says another.
bool admits(const wire::CheckRequest& told, const wire::CheckRequest& known) {
  const auto same_or = [](const auto& one, const auto& other, const auto& unknown) {
    return one == other || one == unknown;
  };
  return told.phase == known.phase && told.program == known.program &&
         told.service == known.service && told.pam_user == known.pam_user &&
         same_or(told.pam_user_uid, known.pam_user_uid, kNoUid) &&
         same_or(told.caller, known.caller, "") && same_or(told.rhost_hint, known.rhost_hint, "") &&
         same_or(told.tty_hint, known.tty_hint, "") &&
         same_or(told.groups, known.groups, std::nullopt) &&
         (told.argv == known.argv || told.argv_truncated) &&
         same_or(told.clock, known.clock, wire::ClockState::Unknown);
}

}  // namespace

struct FaultFixture : public PamModuleFixture {
  Run* run = static_cast<Run*>(
      mmap(nullptr, sizeof(Run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::optional<wire::CheckRequest> known;  // what the module says when nothing fails
  std::atomic<int> lies = 0;                // requests that said anything else

  void setup() override {
    PamModuleFixture::setup();
    // The module's own code is that of the stack.
    std::ofstream file(confdir + "/" + kService);
    for (const std::string phase : {"auth", "account", "session"}) {
      file << phase << " [success=done ignore=done default=die] " << module_file()
           << " socket=" << socket_path << " timeout=1\n";
    }
  }
  void teardown() override {
    (void)munmap(run, sizeof(Run));
    PamModuleFixture::teardown();
  }

  // As stepupd: refuses a user without a uid, and a wrong code.
  void serve(FakeConnection& daemon, const Course& course) {
    const auto packet = daemon.receive();
    if (!packet) return;
    auto request = wire::decode<wire::CheckRequest>(*packet);
    if (!request || (known && !admits(*request, *known))) {
      ++lies;
      return;
    }
    if (!known) known = *request;
    bool proven = request->pam_user_uid != kNoUid;
    if (course.agent) proven = proven && gives_agent(daemon);
    if (course.asks) {
      daemon.send(kPrompt);
      proven = proven && readable(daemon.fd(), kPatience) && gives_right_code(daemon);
    }
    daemon.send(verdict_of(proven ? course.verdict : VerdictCode::Denied));
  }
  static bool gives_agent(FakeConnection& daemon) {
    UniqueFd agent;
    daemon.send(wire::AgentRequest{});
    const auto packet = daemon.receive(&agent);
    return packet &&
           wire::decode<wire::AgentAnswer>(*packet) ==
               wire::AgentAnswer{wire::AgentOutcome::Connected} &&
           agent;
  }
  static bool gives_right_code(FakeConnection& daemon) {
    const auto packet = daemon.receive();
    if (!packet || packet->header.type != wire::MessageType::Answer) return false;
    return wire::decode<wire::Answer>(*packet)->text.text() == kRightCode;
  }

  // One transaction in a new process, in which nothing of an earlier one is left.
  void transact(Phase phase, int nth, Fault fault) {
    *run = {.code = -1, .failed = {}, .changed = {}};
    const pid_t child = fork();
    if (child == 0) {
      (void)alarm(20);
      const Surroundings before = look_around();
      {
        FakeConversation application({kRightCode});
        const Transaction transaction(confdir, application.conv());
        pam_handle_t* const handle = transaction.handle();
        (void)pam_set_item(handle, PAM_TTY, "/dev/pts/7");
        (void)pam_set_item(handle, PAM_RHOST, "192.0.2.1");
        fail_nth(nth, fault);
        run->code = phase == Phase::Auth      ? pam_authenticate(handle, 0)
                    : phase == Phase::Account ? pam_acct_mgmt(handle, 0)
                                              : pam_open_session(handle, 0);
        if (const char* failed = stop_failing(); failed != nullptr) {
          (void)strncpy(run->failed.data(), failed, run->failed.size() - 1);
        }
      }
      (void)before.difference(look_around()).copy(run->changed.data(), run->changed.size() - 1);
      _exit(0);
    }
    int status = -1;
    CHECK_EQUAL(child, waitpid(child, &status, 0));
    CHECK_EQUAL_TEXT(0, status, "the host ended early");
    // Where its ids cannot be put back the host is told so.
    const bool told = run->code == PAM_SYSTEM_ERR && std::string(run->changed.data()) == "ids";
    if (!told) STRCMP_EQUAL_TEXT("", run->changed.data(), run->failed.data());
  }

  // Each call in turn, until there is no n-th one.
  void fail_each(Phase phase, const std::function<void(Fault, const std::string& failed)>& judge) {
    known.reset();
    transact(phase, 0, Fault::Once);  // for `known`
    for (const Fault fault : kFaults) {
      int nth = 0;
      do {
        transact(phase, ++nth, fault);
        judge(fault, run->failed.data());
      } while (run->failed[0] != '\0');
      CHECK_TRUE(nth > 10);
    }
    CHECK_EQUAL(0, lies.load());
  }
};

TEST_GROUP_BASE(PamFault, FaultFixture){};

TEST(PamFault, NeverMakesMoreOfAVerdictThanItIs) {
  for (const Course& course : kCourses) {
    const FakeStepupd daemon(socket_path,
                             [&](FakeConnection& connection) { serve(connection, course); });
    for (const Phase phase : {Phase::Auth, Phase::Account}) {
      const int usual = phase == Phase::Auth ? course.auth : course.account;
      fail_each(phase, [&](Fault fault, const std::string& failed) {
        const std::string what = std::string(course.name) + ", failed: " + failed;
        if (failed.empty()) {
          CHECK_EQUAL_TEXT(usual, run->code, what.c_str());
        } else if (!refuses(run->code)) {
          CHECK_EQUAL_TEXT(usual, run->code, what.c_str());
          CHECK_TEXT(fault == Fault::Interrupted || can_do_without(failed), what.c_str());
        }
      });
    }
  }
}

// As sudo, which this program is by another name: with another real uid than root's, and an agent.
TEST(PamFault, HandsOverAnAgentWholeOrNotAtAllAndPutsTheIdsBack) {
  const char* const path = getenv("SSH_AUTH_SOCK");
  if (!own_file().ends_with("/sudo")) {
    const std::string home = scratch.file("caller");
    std::filesystem::create_directory(home);
    CHECK_EQUAL(0, chown(home.c_str(), kCaller, kCaller));
    CHECK_EQUAL(0, chmod(scratch.path().c_str(), 0755));
    std::filesystem::copy_file(own_file(), scratch.file("sudo"));
    std::filesystem::copy_file(module_file(), scratch.file("pam_stepup.so"));
    CHECK_EQUAL(0, run_as_caller({scratch.file("sudo"), "-sg", "PamFault", "-sn",
                                  "HandsOverAnAgentWholeOrNotAtAllAndPutsTheIdsBack"},
                                 "SSH_AUTH_SOCK=" + home + "/agent"));
    return;
  }
  const AgentListener agent(path, kCaller);
  constexpr Course kCourse{"agent", false, VerdictCode::Granted, PAM_SUCCESS, PAM_SUCCESS, true};
  const FakeStepupd daemon(socket_path,
                           [&](FakeConnection& connection) { serve(connection, kCourse); });
  fail_each(Phase::Account, [&](Fault fault, const std::string& failed) {
    while (UniqueFd(accept4(agent.fd(), nullptr, nullptr, SOCK_CLOEXEC))) {
    }
    if (failed.empty()) {
      CHECK_EQUAL(PAM_SUCCESS, run->code);
    } else if (!refuses(run->code)) {
      CHECK_EQUAL_TEXT(PAM_SUCCESS, run->code, failed.c_str());
      CHECK_TEXT(fault == Fault::Interrupted || can_do_without(failed), failed.c_str());
    }
  });
}

TEST(PamFault, NeverMakesAnythingOfTheSessionPhase) {
  const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
    serve(connection, {"denied", false, VerdictCode::Denied, 0, 0});
  });
  fail_each(Phase::OpenSession, [&](Fault, const std::string& failed) {
    CHECK_EQUAL_TEXT(PAM_SUCCESS, run->code, failed.c_str());
  });
}

// A new import is either one that fail_nth.cc makes fail, or it cannot fail.
TEST(PamFault, IsTriedForEveryFunctionThatTheModuleImports) {
  static const std::set<std::string> kCannotFail = {
      "__cmsg_nxthdr", "__errno_location", "__explicit_bzero_chk", "explicit_bzero",
      "__libc_single_threaded", "__stack_chk_fail", "__tls_get_addr", "_dl_find_object", "abort",
      "free", "getgid", "getuid", "gettext", "memchr", "memcmp", "memcpy", "memmove", "memset",
      "pthread_mutex_lock", "pthread_mutex_unlock", "pthread_setcancelstate", "sigaddset",
      "sigemptyset", "sigfillset", "sigismember", "strcmp", "strerrordesc_np", "strlen", "strncmp",
      // Of what libstdc++ brings along, and nothing of ours calls: std::random_device, and the
      // words of std::terminate().
      "arc4random", "getentropy", "ioctl", "fputc", "fputs", "fwrite", "sprintf", "stderr"};
  Dl_info us{};
  CHECK_TRUE(dladdr(&kCannotFail, &us) != 0);
  FILE* const pipe = popen(("nm -D --undefined-only " + module_file()).c_str(), "re");
  CHECK_TRUE(pipe != nullptr);
  int imports = 0;
  char type = 0;
  char name[256];
  while (fscanf(pipe, " %c %255[^@\n]%*[^\n]", &type, name) == 2) {
    if (type == 'w') continue;  // not needed
    ++imports;
    Dl_info found{};
    const void* const function = dlsym(RTLD_DEFAULT, name);
    const bool ours =
        function != nullptr && dladdr(function, &found) != 0 && found.dli_fbase == us.dli_fbase;
    const std::string way_out = std::string(name) + ": make it fail in fail_nth.cc";
    CHECK_TEXT(ours || kCannotFail.contains(name), way_out.c_str());
  }
  CHECK_EQUAL(0, pclose(pipe));
  CHECK_TRUE(imports > 30);
}

int main(int argc, char** argv) {
  if (geteuid() != 0) {
    (void)fputs("pam_fault_test: SKIPPED, nothing was tested: it needs root\n", stderr);
    return 77;
  }
  // CppUTest's allocator has a lock that a process might inherit while the daemon's thread holds
  // it.
  MemoryLeakWarningPlugin::turnOffNewDeleteOverloads();
  return CommandLineTestRunner::RunAllTests(argc, argv);
}
