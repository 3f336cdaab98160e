// SPDX-License-Identifier: ISC
#include "tests/fakes/fail_nth.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>

#include <string_view>

namespace stepup::fakes {
namespace {

bool counting = false;
int calls_left = 0;
Fault kind = Fault::Once;
const char* first_failed = nullptr;

bool is_module(const void* caller) {
  Dl_info found{};
  return dladdr(caller, &found) != 0 && found.dli_fname != nullptr &&
         std::string_view(found.dli_fname).ends_with("/pam_stepup.so");
}

// Whether this call, made from `caller`, is to fail; `error` becomes EINTR if that is why.
bool fails(const char* name, const void* caller, bool interruptible, int& error) {
  if (!counting || (kind == Fault::Interrupted && !interruptible) || !is_module(caller)) {
    return false;
  }
  --calls_left;
  if (calls_left > 0 || (calls_left < 0 && kind != Fault::FromThenOn)) return false;
  if (first_failed == nullptr) first_failed = name;
  if (kind == Fault::Interrupted) error = EINTR;
  return true;
}

// The definition that ours stands before.
template <typename Function>
Function* next(const char* name) {
  // SAFETY: POSIX lets a pointer of dlsym() be one to a function.
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void fail_nth(int nth, Fault fault) {
  first_failed = nullptr;
  calls_left = nth;
  kind = fault;
  counting = true;
}

const char* stop_failing() {
  counting = false;
  return first_failed;
}

}  // namespace stepup::fakes

// Defines `name` over again: what `real` would return, or `result`, in which `error` may stand,
// with errno set to it.  By another name for the compiler, since libc's headers define some of
// these inline.
#define STEPUP_WRAP(type, name, parameters, arguments, real_function, signals, usual, result)      \
  extern "C" __attribute__((visibility("default"))) type wrapped_##name parameters __asm__(#name); \
  extern "C" type wrapped_##name parameters {                                                      \
    static auto* const real = real_function;                                                       \
    int error = usual;                                                                             \
    if (!stepup::fakes::fails(#name, __builtin_return_address(0), signals, error)) {               \
      return real arguments;                                                                       \
    }                                                                                              \
    errno = error;                                                                                 \
    return result;                                                                                 \
  }
#define STEPUP_FAILS(type, name, parameters, arguments, usual, result)                        \
  STEPUP_WRAP(type, name, parameters, arguments, stepup::fakes::next<type parameters>(#name), \
              false, usual, result)
// The same for a function that a signal may interrupt.
#define STEPUP_WAITS(type, name, parameters, arguments, usual, result)                        \
  STEPUP_WRAP(type, name, parameters, arguments, stepup::fakes::next<type parameters>(#name), \
              true, usual, result)

// dlsym() may allocate itself.
extern "C" void* __libc_malloc(size_t size);
extern "C" void* __libc_realloc(void* block, size_t size);
STEPUP_WRAP(void*, malloc, (size_t size), (size), &__libc_malloc, false, ENOMEM, nullptr)
STEPUP_WRAP(void*, realloc, (void* block, size_t size), (block, size), &__libc_realloc, false,
            ENOMEM, nullptr)

STEPUP_WAITS(int, open, (const char* path, int flags, mode_t mode), (path, flags, mode), EMFILE, -1)
STEPUP_WAITS(ssize_t, read, (int fd, void* buffer, size_t size), (fd, buffer, size), EIO, -1)
STEPUP_FAILS(ssize_t, readlink, (const char* path, char* buffer, size_t size), (path, buffer, size),
             ENOENT, -1)
STEPUP_FAILS(int, lstat, (const char* path, struct stat* node), (path, node), EACCES, -1)
STEPUP_FAILS(int, stat, (const char* path, struct stat* node), (path, node), EACCES, -1)
// Closed all the same, as Linux does.
STEPUP_WAITS(int, close, (int fd), (fd), EIO, (real(fd), errno = error, -1))

STEPUP_FAILS(int, socket, (int domain, int type, int protocol), (domain, type, protocol), EMFILE,
             -1)
STEPUP_WAITS(int, connect, (int fd, const sockaddr* to, socklen_t size), (fd, to, size),
             ECONNREFUSED, -1)
STEPUP_FAILS(int, getsockopt, (int fd, int level, int name, void* value, socklen_t* size),
             (fd, level, name, value, size), ENOBUFS, -1)
STEPUP_WAITS(int, poll, (pollfd * watched, nfds_t count, int timeout), (watched, count, timeout),
             ENOMEM, -1)
STEPUP_WAITS(ssize_t, send, (int fd, const void* data, size_t size, int flags),
             (fd, data, size, flags), ENOBUFS, -1)
STEPUP_WAITS(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags),
             ENOBUFS, -1)
STEPUP_WAITS(ssize_t, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags),
             ENOMEM, -1)
STEPUP_WAITS(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags), ENOMEM,
             -1)

STEPUP_FAILS(int, fstat, (int fd, struct stat* node), (fd, node), EIO, -1)
STEPUP_FAILS(long, syscall, (long number, long a, long b, long c, long d, long e, long f),
             (number, a, b, c, d, e, f), ENOSYS, -1)
STEPUP_FAILS(DIR*, fdopendir, (int fd), (fd), ENOMEM, nullptr)
STEPUP_FAILS(dirent*, readdir, (DIR * directory), (directory), EIO, nullptr)
STEPUP_FAILS(int, closedir, (DIR * directory), (directory), EIO,
             (real(directory), errno = error, -1))
// What is in force stays so.
STEPUP_FAILS(int, setfsuid, (uid_t uid), (uid), EPERM, real(static_cast<uid_t>(-1)))
STEPUP_FAILS(int, setfsgid, (gid_t gid), (gid), EPERM, real(static_cast<gid_t>(-1)))
STEPUP_FAILS(int, prctl,
             (int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d),
             (option, a, b, c, d), EINVAL, -1)

STEPUP_FAILS(int, adjtimex, (timex * clock), (clock), EPERM, -1)
STEPUP_FAILS(int, clock_gettime, (clockid_t clock, timespec* now), (clock, now), EINVAL, -1)
STEPUP_WAITS(ssize_t, getrandom, (void* buffer, size_t size, unsigned flags), (buffer, size, flags),
             EAGAIN, -1)
// As under a filter of system calls.
STEPUP_FAILS(int, sigaction, (int signal, const struct sigaction* now, struct sigaction* before),
             (signal, now, before), EPERM, -1)
STEPUP_FAILS(int, sigpending, (sigset_t * pending), (pending), EPERM, -1)
// Where blocking worked, putting back the mask does too.
STEPUP_FAILS(int, pthread_sigmask, (int how, const sigset_t* now, sigset_t* before),
             (how, now, before), EPERM, (how == SIG_SETMASK ? real(how, now, before) : error))

STEPUP_WAITS(int, getpwnam_r,
             (const char* name, passwd* entry, char* buffer, size_t size, passwd** found),
             (name, entry, buffer, size, found), EIO, (*found = nullptr, error))
STEPUP_WAITS(int, getpwuid_r, (uid_t uid, passwd* entry, char* buffer, size_t size, passwd** found),
             (uid, entry, buffer, size, found), EIO, (*found = nullptr, error))
STEPUP_FAILS(int, getgrouplist, (const char* user, gid_t group, gid_t* groups, int* count),
             (user, group, groups, count), ENOMEM, -1)
STEPUP_FAILS(int, pam_get_item, (const pam_handle_t* pamh, int type, const void** item),
             (pamh, type, item), 0, PAM_SYSTEM_ERR)
STEPUP_FAILS(const char*, pam_getenv, (pam_handle_t * pamh, const char* name), (pamh, name), 0,
             nullptr)

// Says nothing, for thousands of refusals would fill the log of the host.
extern "C" __attribute__((visibility("default"))) void silent_pam_syslog(const pam_handle_t*, int,
                                                                         const char*,
                                                                         ...) __asm__("pam_syslog");
extern "C" void silent_pam_syslog(const pam_handle_t*, int, const char*, ...) {}
