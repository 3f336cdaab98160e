// SPDX-License-Identifier: ISC
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "stepupd/fido2_helper/sandbox.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::fido2_helper;

namespace {

// What becomes of a process that does this in the sandbox: its exit status, or minus the signal.
int inside(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    if (!enter_sandbox({})) _exit(125);
    _exit(act());
  }
  int status = 0;
  (void)waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int error_of(long result) { return result < 0 ? errno : 0; }

int open_for(const char* path, int flags) { return error_of(open(path, flags, 0600)); }

// The kernel's answer where Landlock is on, else that of the rights of this process.
bool has_landlock() {
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */) >
         0;
}

}  // namespace

TEST_GROUP(HelperSandbox){};

TEST(HelperSandbox, KillsWhoStartsAProgram) {
  CHECK_EQUAL(-SIGSYS, inside([] {
    char name[] = "/bin/true";
    char* const words[] = {name, nullptr};
    return error_of(execve(name, words, nullptr));
  }));
}

TEST(HelperSandbox, KillsWhoOpensASocket) {
  for (const int family : {AF_UNIX, AF_INET, AF_NETLINK}) {
    CHECK_EQUAL(-SIGSYS, inside([=] { return error_of(socket(family, SOCK_STREAM, 0)); }));
  }
}

TEST(HelperSandbox, KillsWhoReachesForOtherProcessesAndFiles) {
  CHECK_EQUAL(-SIGSYS, inside([] { return error_of(kill(getppid(), 0)); }));
  CHECK_EQUAL(-SIGSYS, inside([] { return error_of(unlink("/dev/shm/none")); }));
  CHECK_EQUAL(-SIGSYS, inside([] { return error_of(chmod("/dev/null", 0666)); }));
}

TEST(HelperSandbox, MakesThreadsAndNoProcesses) {
  CHECK_EQUAL(ENOSYS, inside([] {
                // glibc's fork takes clone, and clone3 whoever cares to try it.
                return error_of(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
              }));
  CHECK_EQUAL(ENOSYS, inside([] { return error_of(syscall(SYS_clone3, nullptr, 0)); }));
}

TEST(HelperSandbox, MakesNoMemoryExecutable) {
  CHECK_EQUAL(ENOSYS, inside([] {
                return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                            0) == MAP_FAILED
                           ? errno
                           : 0;
              }));
  CHECK_EQUAL(ENOSYS, inside([] {
                void* page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                return error_of(mprotect(page, 4096, PROT_READ | PROT_EXEC));
              }));
}

TEST(HelperSandbox, MakesNoFile) {
  CHECK_EQUAL(ENOSYS, inside([] { return open_for("/dev/shm/stepup-none", O_CREAT | O_RDWR); }));
  CHECK_EQUAL(ENOSYS, inside([] { return open_for("/dev/shm", O_TMPFILE | O_RDWR); }));
}

TEST(HelperSandbox, ReadsWhatDescribesKeysAndTheirUsersAndNothingElse) {
  for (const char* path : {"/proc/locks", "/proc/1/comm", "/sys/class"}) {
    CHECK_EQUAL_TEXT(0, inside([=] { return open_for(path, O_RDONLY); }), path);
  }
  CHECK_EQUAL(0, inside([] { return open_for("/dev/null", O_RDWR); }));
  if (!has_landlock()) return;
  for (const char* path : {"/etc/passwd", "/etc", "/", "/var/lib", "/bin/true"}) {
    CHECK_EQUAL_TEXT(EACCES, inside([=] { return open_for(path, O_RDONLY); }), path);
  }
  CHECK_EQUAL(EACCES, inside([] { return open_for("/proc/self/comm", O_WRONLY); }));
}
