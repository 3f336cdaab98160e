// SPDX-License-Identifier: ISC
// The module leaves its host as it found it, however often it is called and however it answers.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "tests/fakes/counted_signal.h"
#include "tests/integration/surroundings.h"

#include "tests/integration/pam_module.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::VerdictCode;
using Behaviour = FakeConversation::Behaviour;

namespace {

// How one dialogue goes, and what PAM is told of it after a module that succeeds.
struct Course {
  const char* name;
  FakeStepupd::Script script;
  Behaviour behaviour;
  int auth;
  int account;
};

FakeStepupd::Script asking(VerdictCode code) {
  return [code](FakeConnection& daemon) {
    (void)daemon.receive();
    daemon.send(kPrompt);
    (void)daemon.receive();
    daemon.send(kWrong);
    daemon.send(kPrompt);
    (void)daemon.receive();
    daemon.send(verdict_of(code));
  };
}

// Asks once and refuses, as stepupd does when the question was cancelled.
void ask_in_vain(FakeConnection& daemon) {
  (void)daemon.receive();
  daemon.send(kPrompt);
  (void)daemon.receive();
  daemon.send(refusal(VerdictCode::Denied));
}

void leave(FakeConnection&) {}
void talk_nonsense(FakeConnection& daemon) { daemon.send_raw(SecretBytes("HTTP/1.1 400")); }
void fall_silent(FakeConnection& daemon) { daemon.await_end(); }

// Less than 7 bytes for each of ten thousand.
constexpr std::size_t kSmall = 64 * 1024;

constexpr int kAway = PAM_AUTHINFO_UNAVAIL;
const Course kCourses[] = {
    {"granted",              answering(VerdictCode::Granted),     Behaviour::Answers,   PAM_SUCCESS,    PAM_SUCCESS    },
    {"not required",         answering(VerdictCode::NotRequired), Behaviour::Answers,   PAM_SUCCESS,
     PAM_SUCCESS                                                                                                       },
    {"denied",               answering(VerdictCode::Denied),      Behaviour::Answers,   PAM_AUTH_ERR,   PAM_PERM_DENIED},
    {"locked out",           answering(VerdictCode::LockedOut),   Behaviour::Answers,   PAM_MAXTRIES,
     PAM_PERM_DENIED                                                                                                   },
    {"right code",           asking(VerdictCode::Granted),        Behaviour::Answers,   PAM_SUCCESS,    PAM_SUCCESS    },
    {"wrong code",           asking(VerdictCode::Denied),         Behaviour::Answers,   PAM_AUTH_ERR,   PAM_PERM_DENIED},
    {"cancelled",            ask_in_vain,                         Behaviour::Fails,     PAM_CONV_ERR,   PAM_CONV_ERR   },
    {"no response",          ask_in_vain,                         Behaviour::NullArray, PAM_CONV_ERR,   PAM_CONV_ERR   },
    {"left",                 leave,                               Behaviour::Answers,   kAway,          kAway          },
    {"nonsense",             talk_nonsense,                       Behaviour::Answers,   PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
    {"silent, until Ctrl-C", fall_silent,                         Behaviour::Answers,   PAM_AUTH_ERR,   PAM_PERM_DENIED},
    // The last is never asked, since nobody listens where the module is told to look.
    {"absent",               leave,                               Behaviour::Answers,   kAway,          kAway          },
};
const Course& kSilent = *(std::end(kCourses) - 2);
const Course& kAbsent = *(std::end(kCourses) - 1);
constexpr const char* kAbsentService = "stepup-absent";

sigset_t only(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

// Leaves a Ctrl-C pending for this thread; taken back at the end of its life.
class PendingInterrupt {
 public:
  PendingInterrupt() {
    (void)pthread_sigmask(SIG_BLOCK, &interrupt_, &before_);
    (void)raise(SIGINT);
  }
  ~PendingInterrupt() {
    const timespec now{};
    (void)sigtimedwait(&interrupt_, nullptr, &now);
    (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PendingInterrupt(const PendingInterrupt&) = delete;
  PendingInterrupt& operator=(const PendingInterrupt&) = delete;

 private:
  sigset_t interrupt_ = only(SIGINT);
  sigset_t before_{};
};

// Whether `holds` does, in a child of this process.
bool in_a_child(const std::function<bool()>& holds) {
  const pid_t child = fork();
  if (child == 0) _exit(holds() ? 0 : 1);
  int status = -1;
  return waitpid(child, &status, 0) == child && status == 0;
}

struct HygieneFixture : public PamModuleFixture {
  const CountedSignal interrupts{SIGINT};  // a shell may have us ignore it

  // One transaction that goes as `course` says; true if PAM said what it should.
  [[nodiscard]] bool goes(const Course& course, bool auth, const char* service) const {
    FakeConversation application({"111111", "222222"}, course.behaviour);
    const Transaction transaction(confdir, application.conv(), service);
    std::optional<PendingInterrupt> ctrl_c;
    if (&course == &kSilent) ctrl_c.emplace();
    const int code = auth ? transaction.authenticate() : transaction.account();
    (void)pam_setcred(transaction.handle(), PAM_ESTABLISH_CRED);
    // A prompt that fails after 250 ms counts as Ctrl-C, and the machine may be as slow as that.
    const bool late =
        course.auth == PAM_CONV_ERR && code == (auth ? PAM_AUTH_ERR : PAM_PERM_DENIED);
    const bool right = late || code == (auth ? course.auth : course.account);
    if (!right) (void)fprintf(stderr, "%s: %s\n", course.name, pam_strerror(nullptr, code));
    return right;
  }
};

}  // namespace

TEST_GROUP_BASE(PamModuleHygiene, HygieneFixture){};

TEST(PamModuleHygiene, TenThousandTransactionsLeaveTheHostAsItWas) {
  constexpr int kWarmUp = 1'000;  // libc's own caches are filled then
  constexpr int kAfter = 10'000;
  write_stack("socket=" + socket_dir + "/absent.sock", "required pam_permit.so", kAbsentService);
  const Surroundings before = look_around();
  std::atomic<const Course*> course = kCourses;
  std::size_t allocated_before = 0;
  std::size_t resident_before = 0;
  {
    const FakeStepupd daemon(
        socket_path, [&](FakeConnection& connection) { course.load()->script(connection); });
    for (int i = 0; i < kWarmUp + kAfter; ++i) {
      if (i == kWarmUp) {
        allocated_before = allocated();
        resident_before = resident();
      }
      course = &kCourses[static_cast<std::size_t>(i) % std::size(kCourses)];
      const bool auth = i / static_cast<int>(std::size(kCourses)) % 2 == 0;
      const bool went = goes(*course, auth, course == &kAbsent ? kAbsentService : kService);
      CHECK_TEXT(went, course.load()->name);
      CHECK_EQUAL_TEXT(before.mask, signal_mask(), course.load()->name);
    }
    CHECK_TRUE(daemon.connections() > kAfter / 2);
    // A leak of 2 bytes in each would show.
    CHECK_TRUE(allocated() < allocated_before + kAfter * 2);
    CHECK_TRUE(resident() < resident_before + kSmall);
  }
  STRCMP_EQUAL("", before.difference(look_around()).c_str());
}

TEST(PamModuleHygiene, ThreadsDoNotMeetAndSignalsOfOthersEndNoWait) {
  constexpr std::size_t kThreads = std::size(kCourses);
  constexpr int kTransactions = 100;
  const CountedSignal others(SIGUSR1);
  const Surroundings before = look_around();
  struct Host {
    std::string service;
    std::atomic<int> wrong = 0;
    std::atomic<bool> done = false;
    std::thread thread;
  };
  {
    // Each thread has a daemon and a course of its own, so that whatever one says to another shows.
    std::list<FakeStepupd> daemons;
    std::array<Host, kThreads> hosts;
    for (std::size_t i = 0; i < kThreads; ++i) {
      Host& host = hosts[i];
      host.service = "thread-" + std::to_string(i);
      const Course& course = kCourses[i];
      const std::string path = socket_dir + "/" + host.service;
      if (&course != &kAbsent) daemons.emplace_back(path, course.script);
      write_stack("socket=" + path, "required pam_permit.so", host.service.c_str());
      host.thread = std::thread([this, &host, &course] {
        const std::uint64_t mask = signal_mask();
        for (int transaction = 0; transaction < kTransactions; ++transaction) {
          if (!goes(course, transaction % 2 == 0, host.service.c_str())) ++host.wrong;
          if (signal_mask() != mask) ++host.wrong;
        }
        host.done = true;
      });
    }
    // Ctrl-C comes to this thread, and interrupts every system call of the others.
    for (const auto running = [](const Host& host) { return !host.done; };
         std::ranges::any_of(hosts, running);) {
      (void)raise(SIGINT);
      for (Host& host : hosts) (void)pthread_kill(host.thread.native_handle(), SIGUSR1);
      (void)usleep(200);
    }
    for (Host& host : hosts) host.thread.join();
    for (std::size_t i = 0; i < kThreads; ++i) {
      CHECK_EQUAL_TEXT(0, hosts[i].wrong.load(), kCourses[i].name);
    }
    CHECK_TRUE(interrupts.count() > 0 && others.count() > interrupts.count());
  }
  STRCMP_EQUAL("", before.difference(look_around()).c_str());
}

TEST(PamModuleHygiene, ThreadsWaitForASilentDaemonAtTheSameTime) {
  const FakeListener silent(socket_path, 64);
  const Surroundings before = look_around();
  std::atomic<int> refused = 0;
  const BootTime start = boot_now();
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      FakeConversation application;
      const int code = i % 2 == 0 ? authenticate(application) : account(application);
      if (code == PAM_AUTHINFO_UNAVAIL) ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(16, refused.load());
  const BootTime took = boot_now() - start;
  CHECK_TRUE(took >= 1000ms && took < 1500ms);
  STRCMP_EQUAL("", before.difference(look_around()).c_str());
}

TEST(PamModuleHygiene, LoadingAndUnloadingItLeavesNothingAndNeverTakesItsCodeAway) {
  constexpr int kWarmUp = 100;
  constexpr int kLoads = 10'000;
  const Surroundings before = look_around();
  std::size_t allocated_before = 0;
  std::size_t resident_before = 0;
  using Entry = int (*)(pam_handle_t*, int, int, const char**);
  Entry first = nullptr;
  for (int i = 0; i < kWarmUp + kLoads; ++i) {
    if (i == kWarmUp) {
      allocated_before = allocated();
      resident_before = resident();
    }
    void* module = dlopen(module_file().c_str(), RTLD_NOW);
    CHECK_TRUE(module != nullptr);
    // SAFETY: POSIX lets a pointer of dlsym() be one to a function.
    const auto entry = reinterpret_cast<Entry>(dlsym(module, "pam_sm_setcred"));
    CHECK_EQUAL(0, dlclose(module));
    if (first == nullptr) first = entry;
    CHECK_TRUE(entry != nullptr && entry == first);
    CHECK_EQUAL(PAM_SUCCESS, entry(nullptr, 0, 0, nullptr));  // after dlclose()
  }
  CHECK_TRUE(allocated() < allocated_before + kLoads);
  CHECK_TRUE(resident() < resident_before + kSmall);
  STRCMP_EQUAL("", before.difference(look_around()).c_str());
}

TEST(PamModuleHygiene, F87WithoutStandardDescriptorsItAnswersAndLeavesThemClosed) {
  for (const auto& [code, want] : {std::pair(VerdictCode::Granted, PAM_SUCCESS),
                                   std::pair(VerdictCode::Denied, PAM_PERM_DENIED)}) {
    const FakeStepupd daemon(socket_path, asking(code));
    const bool right = in_a_child([&, want = want] {
      for (const int fd : {0, 1, 2}) (void)close(fd);
      FakeConversation application({"111111", "222222"});
      const int got = account(application);
      bool closed = true;
      for (const int fd : {0, 1, 2}) closed &= fcntl(fd, F_GETFD) == -1;
      return got == want && closed;
    });
    CHECK_TRUE(right);
    CHECK_EQUAL(1, daemon.connections());
  }
}

TEST(PamModuleHygiene, F87InAChrootAndWithoutTheRightToAskItRefuses) {
  const FakeStepupd daemon(socket_path, answering(VerdictCode::Granted));
  CHECK_EQUAL(0, chmod(socket_path.c_str(), 0600));
  FakeConversation application;
  const Transaction transaction(confdir, application.conv());
  const auto after = [&](const std::function<bool()>& arrange, int want) {
    return in_a_child([&] { return arrange() && transaction.account() == want; });
  };
  CHECK_TRUE(after([&] { return chroot(scratch.path().c_str()) == 0 && chdir("/") == 0; },
                   PAM_SYSTEM_ERR));  // without /proc
  CHECK_TRUE(after([] { return setresuid(65534, 65534, 65534) == 0; }, PAM_AUTHINFO_UNAVAIL));
  CHECK_EQUAL(0, daemon.connections());
  CHECK_TRUE(after([] { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; }, PAM_SUCCESS));
}
