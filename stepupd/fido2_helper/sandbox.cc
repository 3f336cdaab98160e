// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "stepupd/base/c_handle.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::fido2_helper {
namespace {

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kEverything = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // of its first ABI

Status allow_below(int ruleset, const char* directory, std::uint64_t access) {
  const UniqueFd fd(open(directory, O_PATH | O_CLOEXEC));
  if (!fd) return {};  // what is not there need not be allowed
  const landlock_path_beneath_attr rule{.allowed_access = access, .parent_fd = fd.get()};
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return failure(Errc::Internal, "landlock_add_rule", errno);
  }
  return {};
}

Status restrict_files() {
  landlock_ruleset_attr attributes{};  // which has more fields in the headers of later kernels
  attributes.handled_access_fs = kEverything;
  const UniqueFd ruleset(static_cast<int>(
      syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0)));
  // Not in this kernel, switched off, or kept from us by a container's filter.
  if (!ruleset && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM)) return {};
  if (!ruleset) return failure(Errc::Internal, "landlock_create_ruleset", errno);
  auto done = allow_below(ruleset.get(), "/dev", kRead | LANDLOCK_ACCESS_FS_WRITE_FILE);
  for (const char* directory : {"/sys", "/run/udev", "/proc"}) {
    if (done) done = allow_below(ruleset.get(), directory, kRead);
  }
  if (!done) return done;
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return failure(Errc::Internal, "landlock_restrict_self", errno);
  }
  return {};
}

// By what they are for: packets, devices and their descriptions, memory, threads, time, the end.
constexpr const char* kCalls[] = {
    "read",
    "write",
    "recvmsg",
    "sendmsg",
    "recvfrom",
    "sendto",
    "poll",
    "ppoll",
    "close",
    "open",
    "openat",
    "fcntl",
    "flock",
    "ioctl",
    "lseek",
    "pread64",
    "getdents64",
    "stat",
    "lstat",
    "fstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "readlink",
    "readlinkat",
    "access",
    "faccessat",
    "faccessat2",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "brk",
    "clone",
    "clone3",
    "futex",
    "futex_waitv",
    "set_robust_list",
    "rseq",
    "gettid",
    "getpid",
    "tgkill",
    "sched_yield",
    "sched_getaffinity",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "prlimit64",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrandom",
    "clock_gettime",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "restart_syscall",
    "exit",
    "exit_group",
};

using Filter = CHandle<void, &seccomp_release>;

Status restrict_calls() {
  // An error instead of death: a C library that tries a newer call first falls back to an older
  // one.
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!filter) return failure(Errc::Internal, "seccomp_init");
  for (const char* name : kCalls) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;  // not a call of this architecture
    if (seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0) < 0) {
      return failure(Errc::Internal, "seccomp_rule_add");
    }
  }
  if (const int r = seccomp_load(filter.get()); r < 0) {
    return failure(Errc::Internal, "seccomp_load", -r);
  }
  return {};
}

}  // namespace

Status enter_sandbox() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return failure(Errc::Internal, "PR_SET_NO_NEW_PRIVS", errno);
  }
  auto done = restrict_files();
  if (done) done = restrict_calls();
  return done;
}

}  // namespace stepup::fido2_helper
