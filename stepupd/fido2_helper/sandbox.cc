// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "stepupd/base/c_handle.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::fido2_helper {
namespace {

// --- Landlock ------------------------------------------------------------------------------------

// The uapi headers of Debian 12 end with the second version of the kernel's interface.
struct Ruleset {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scopes;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kIoctlDevice = 1 << 15;

// All that a kernel of this version can forbid.
Ruleset everything(long version) {
  Ruleset all{.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, .network = 0, .scopes = 0};
  if (version >= 2) all.files |= 1 << 13;      // REFER
  if (version >= 3) all.files |= 1 << 14;      // TRUNCATE
  if (version >= 4) all.network = 1 | 1 << 1;  // BIND_TCP, CONNECT_TCP
  if (version >= 5) all.files |= kIoctlDevice;
  if (version >= 6) all.scopes = 1 | 1 << 1;  // ABSTRACT_UNIX_SOCKET, SIGNAL
  return all;
}

Status allow_below(int ruleset, const char* directory, std::uint64_t access) {
  const UniqueFd fd(open(directory, O_PATH | O_CLOEXEC));
  if (!fd) return {};  // what is not there need not be allowed
  const landlock_path_beneath_attr rule{.allowed_access = access, .parent_fd = fd.get()};
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return failure(Errc::Internal, "landlock_add_rule", errno);
  }
  return {};
}

Status restrict_files(const std::vector<std::string>& devices) {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return {};
  const Ruleset all = everything(version);
  const UniqueFd ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0)));
  if (!ruleset) return failure(Errc::Internal, "landlock_create_ruleset", errno);
  const std::uint64_t use = (kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | kIoctlDevice) & all.files;
  auto done = allow_below(ruleset.get(), "/dev", use);
  for (const char* directory : {"/sys", "/run/udev", "/proc"}) {
    if (done) done = allow_below(ruleset.get(), directory, kRead);
  }
  for (const std::string& device : devices) {
    // A link into /dev needs nothing more: what counts is where the node is.
    const std::string directory = device.substr(0, device.rfind('/'));
    if (done && !directory.empty() && !directory.starts_with("/dev")) {
      done = allow_below(ruleset.get(), directory.c_str(), use & ~LANDLOCK_ACCESS_FS_READ_DIR);
    }
  }
  if (!done) return done;
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return failure(Errc::Internal, "landlock_restrict_self", errno);
  }
  return {};
}

// --- seccomp -------------------------------------------------------------------------------------

// clang-format off: one to a line would hide what belongs together.
constexpr const char* kCalls[] = {
    // Packets and devices.
    "read", "write", "recvmsg", "recvfrom", "recv", "sendto", "send", "poll", "ppoll",
    "ppoll_time64", "eventfd2", "close", "fcntl", "fcntl64", "flock",
    // What describes devices.
    "lseek", "_llseek", "pread64", "getdents64", "stat", "stat64", "lstat", "lstat64", "fstat",
    "fstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64",
    "readlink", "readlinkat", "access", "faccessat", "faccessat2",
    // Memory and threads.
    "munmap", "mremap", "madvise", "brk", "futex", "futex_time64", "set_robust_list", "rseq",
    "gettid", "getpid", "sched_yield", "sched_getaffinity", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sigaltstack",
    // Who we are, time, chance and the end.
    "getuid", "geteuid", "getgid", "getegid", "getrandom", "clock_gettime", "clock_gettime64",
    "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday", "restart_syscall",
    "exit", "exit_group",
};

// Who makes one of these here is not libfido2 any more, but a key that has taken it over.
constexpr const char* kDeadly[] = {
    // Programs and processes.
    "execve", "execveat", "fork", "vfork", "kill", "ptrace", "process_vm_readv",
    "process_vm_writev",
    // Sockets.
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4",
    // Files.
    "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
    "symlinkat", "mkdir", "mkdirat", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "chown",
    "fchown", "lchown", "fchownat", "memfd_create",
    // The kernel, and rights.
    "mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "bpf", "perf_event_open",
    "userfaultfd", "io_uring_setup", "add_key", "keyctl", "request_key", "init_module",
    "finit_module", "kexec_load", "setuid", "setgid", "setresuid", "setresgid", "setgroups",
};
// clang-format on

using Filter = CHandle<void, &seccomp_release>;

// One call whose argument `at` must have none, or just these, of the bits in `mask`.
struct Bound {
  const char* name;
  unsigned at;
  std::uint64_t mask;
  std::uint64_t value;
};

constexpr Bound kBounds[] = {
    // No file is made.  O_TMPFILE has O_DIRECTORY in it.
    {"open",      1, O_CREAT | (O_TMPFILE & ~O_DIRECTORY), 0           },
    {"openat",    2, O_CREAT | (O_TMPFILE & ~O_DIRECTORY), 0           },
    // No memory becomes code.
    {"mmap",      2, PROT_EXEC,                            0           },
    {"mmap2",     2, PROT_EXEC,                            0           },
    {"mprotect",  2, PROT_EXEC,                            0           },
// Threads, no processes.  clone3 hides its flags behind a pointer; glibc falls back to this.
#ifdef __s390__
    {"clone",     1, CLONE_THREAD,                         CLONE_THREAD},
#else
    {"clone", 0, CLONE_THREAD, CLONE_THREAD},
#endif
    // Only to read the description of a hidraw node (hidraw.h).
    {"ioctl",     1, 0xff00,                               'H' << 8    },
    // Limits can be read.
    {"prlimit64", 2, ~std::uint64_t{0},                    0           },
};

// Adds a rule; calls that this architecture has not need none.
bool add(const Filter& filter, std::uint32_t action, const char* name, unsigned count = 0,
         const scmp_arg_cmp* comparison = nullptr) {
  const int number = seccomp_syscall_resolve_name(name);
  return number == __NR_SCMP_ERROR ||
         seccomp_rule_add_array(filter.get(), action, number, count, comparison) == 0;
}

Status restrict_calls() {
  // What stands nowhere below is an error, not death: a newer C library tries a newer call first,
  // and falls back to an older one.
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!filter) return failure(Errc::Internal, "seccomp_init");
  bool added = true;
  for (const char* name : kCalls) added = added && add(filter, SCMP_ACT_ALLOW, name);
  for (const char* name : kDeadly) added = added && add(filter, SCMP_ACT_KILL_PROCESS, name);
  for (const Bound& bound : kBounds) {
    const scmp_arg_cmp comparison{bound.at, SCMP_CMP_MASKED_EQ, bound.mask, bound.value};
    added = added && add(filter, SCMP_ACT_ALLOW, bound.name, 1, &comparison);
  }
  // abort(3) and its like.
  const scmp_arg_cmp ourselves{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()), 0};
  added = added && add(filter, SCMP_ACT_ALLOW, "tgkill", 1, &ourselves);
  if (!added) return failure(Errc::Internal, "seccomp_rule_add");
  if (const int r = seccomp_load(filter.get()); r < 0) {
    return failure(Errc::Internal, "seccomp_load", -r);
  }
  return {};
}

}  // namespace

Status enter_sandbox(const std::vector<std::string>& devices) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return failure(Errc::Internal, "PR_SET_NO_NEW_PRIVS", errno);
  }
  auto done = restrict_files(devices);
  if (done) done = restrict_calls();
  return done;
}

}  // namespace stepup::fido2_helper
