// SPDX-License-Identifier: ISC
// What `make mutate` found no other test for: files of /proc that say what this host's do not, or
// that cannot be read.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "stepupd/session/asker.h"
#include "stepupd/session/peer.h"
#include "stepupd/session/proc_text.h"
#include "stepupd/session/session_key.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::session;

namespace {

// Path -> the file that is opened instead; empty = the call fails with `open_error`.
std::map<std::string, std::string, std::less<>> redirected;
int open_error = EACCES;

// What logind says of every session, and whether it runs.
std::string login_session_state;
int login_session_error = 0;
bool logind_runs = true;

// What the kernel says of the peer's pid and pidfd, instead of the truth.
std::optional<pid_t> peer_pid;
int pidfd_error = 0;

}  // namespace

// Takes the place of the library's open(2) in this program.  Without <fcntl.h>, whose inline form
// cannot be defined a second time.
extern "C" int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = va_arg(arguments, unsigned);  // not read by the kernel unless it creates a file
  va_end(arguments);
  constexpr int kHere = -100;  // AT_FDCWD
  const auto other = redirected.find(std::string_view(path));
  if (other == redirected.end()) {
    return static_cast<int>(syscall(SYS_openat, kHere, path, flags, mode));
  }
  if (other->second.empty()) {
    errno = open_error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_openat, kHere, other->second.c_str(), flags, mode));
}

extern "C" int sd_session_get_state(const char*, char** state) {
  if (login_session_error != 0) return -login_session_error;
  *state = strdup(login_session_state.c_str());
  return 0;
}

extern "C" int access(const char* path, int mode) noexcept {
  if (std::string_view(path) == "/run/systemd/seats/") return logind_runs ? 0 : -1;
  return static_cast<int>(syscall(SYS_faccessat, -100, path, mode));
}

extern "C" int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
  constexpr int kPeerPidfd = 77;  // SO_PEERPIDFD, which older headers do not know
  if (name == kPeerPidfd && pidfd_error != 0) {
    errno = pidfd_error;
    return -1;
  }
  const auto result = syscall(SYS_getsockopt, fd, level, name, value, size);
  // SAFETY: SO_PEERCRED gives a ucred (unix(7)).
  if (name == SO_PEERCRED && peer_pid) static_cast<ucred*>(value)->pid = *peer_pid;
  return static_cast<int>(result);
}

TEST_GROUP(SessionMutants) {
  int ends[2] = {-1, -1};
  std::string copy;
  const std::string own = "/proc/" + std::to_string(getpid()) + "/";

  void setup() override {
    LONGS_EQUAL(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
    char name[] = "/tmp/stepup-proc-XXXXXX";
    const int fd = mkstemp(name);
    CHECK(fd >= 0);
    (void)close(fd);
    copy = name;
  }
  void teardown() override {
    redirected.clear();
    open_error = EACCES;
    login_session_error = 0;
    logind_runs = true;
    peer_pid.reset();
    pidfd_error = 0;
    (void)unlink(copy.c_str());
    for (const int end : ends) (void)close(end);
  }

  // Lets the file `name` of this process read as `text`.
  void show(const char* name, const std::string& text) {
    std::ofstream(copy) << text;
    redirected = {
        {own + name, copy}
    };
  }
  Result<Asker> ask() {
    const auto peer = identify_peer(ends[0]);
    CHECK(peer.has_value());
    return read_asker(*peer, ends[0], *read_own_uid_map());
  }
};

TEST(SessionMutants, AFileOfProcThatCannotBeReadRefusesTheAsker) {
  for (const char* name : {"status", "cgroup", "sessionid", "loginuid", "uid_map"}) {
    redirected = {
        {own + name, ""}
    };
    const auto asker = ask();
    CHECK_FALSE_TEXT(asker.has_value(), name);
    LONGS_EQUAL_TEXT(EACCES, asker.error().sys_errno, name);
  }
  redirected = {
      {"/proc/self/uid_map", ""}
  };
  CHECK_FALSE(read_own_uid_map().has_value());
}

TEST(SessionMutants, AStatThatCannotBeReadAnyMoreRefusesTheAsker) {
  const auto peer = identify_peer(ends[0]);
  redirected = {
      {own + "stat", ""}
  };
  const auto asker = read_asker(*peer, ends[0], *read_own_uid_map());
  CHECK_FALSE(asker.has_value());
  LONGS_EQUAL(EACCES, asker.error().sys_errno);
}

TEST(SessionMutants, AStatusWithoutItsLinesRefusesTheAsker) {
  show("status", "Name:\tsudo\n");
  CHECK_FALSE(ask().has_value());
}

TEST(SessionMutants, TheAuditNumbersAreThoseOfTheKernel) {
  show("sessionid", "7");
  UNSIGNED_LONGS_EQUAL(7, ask()->where.session.id);
  show("loginuid", "1000\n");
  UNSIGNED_LONGS_EQUAL(1000, *ask()->login_uid);
  for (const char* name : {"sessionid", "loginuid"}) {
    show(name, "seven");
    CHECK_FALSE_TEXT(ask().has_value(), name);
  }
}

TEST(SessionMutants, AKernelWithoutAuditHasNoAuditNumbers) {
  open_error = ENOENT;
  redirected = {
      {own + "sessionid", ""},
      {own + "loginuid",  ""}
  };
  const auto asker = ask();
  CHECK(asker.has_value());
  CHECK_FALSE(asker->login_uid.has_value());
}

TEST(SessionMutants, AnotherUserNamespaceIsNotTheHosts) {
  show("uid_map", "         0       1000          1\n");
  const auto asker = ask();
  CHECK(asker.has_value());
  CHECK_FALSE(asker->in_host_namespaces);
}

TEST(SessionMutants, ANestedPidNamespaceIsNotTheHosts) {
  show("status", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nNSpid:\t7\t1\n");
  const auto asker = ask();
  CHECK(asker.has_value());
  CHECK_FALSE(asker->in_host_namespaces);
}

TEST(SessionMutants, T18WhoeverHasSubordinateUidsCountsOnceForAllOfThem) {
  const std::string files = copy + ".";
  const std::string host = *read_own_uid_map();
  const auto peer = identify_peer(ends[0]);
  const auto count = [&](uid_t uid, const char* cgroup, const char* login_uid,
                         const std::string& own_map) {
    std::ofstream(files + "cgroup") << cgroup;
    std::ofstream(files + "loginuid") << login_uid;
    std::ofstream(files + "status")
        << "Uid:\t" << uid << "\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nNSpid:\t7\n";
    redirected = {
        {own + "cgroup",   files + "cgroup"  },
        {own + "loginuid", files + "loginuid"},
        {own + "status",   files + "status"  }
    };
    const uid_t user = counts_for(*peer, own_map);
    redirected.clear();
    for (const char* name : {"cgroup", "loginuid", "status"}) (void)unlink((files + name).c_str());
    return user;
  };
  const char* const session = "0::/user.slice/user-1000.slice/session-3.scope\n";
  const char* const service = "0::/system.slice/x.service\n";
  const char* const roots = "0::/user.slice/user-0.slice/session-4.scope\n";
  const char* const unset = "4294967295";
  const std::string other = "another namespace's";
  // In a login session of his, in a user namespace or not.
  UNSIGNED_LONGS_EQUAL(1000, count(1000, session, "1000", host));
  UNSIGNED_LONGS_EQUAL(1000, count(100007, session, "1000", host));
  UNSIGNED_LONGS_EQUAL(1000, count(100007, session, "1000", other));
  UNSIGNED_LONGS_EQUAL(1000, count(0, session, "1000", other));
  UNSIGNED_LONGS_EQUAL(0, count(0, session, "1000", host));
  // Where logind made no slice: cron, services, hosts without it.
  UNSIGNED_LONGS_EQUAL(1000, count(1000, service, "1000", host));
  UNSIGNED_LONGS_EQUAL(kNoUid, count(100007, service, "1000", host));
  UNSIGNED_LONGS_EQUAL(kNoUid, count(100007, service, unset, other));
  UNSIGNED_LONGS_EQUAL(33, count(33, service, unset, host));
  // Whom root became is not root.
  UNSIGNED_LONGS_EQUAL(kNoUid, count(33, roots, "0", host));
  UNSIGNED_LONGS_EQUAL(33, count(33, roots, unset, host));
  for (const char* name : {"cgroup", "loginuid", "status", "uid_map"}) {
    redirected = {
        {own + name, ""}
    };
    UNSIGNED_LONGS_EQUAL_TEXT(kNoUid, counts_for(*peer, host), name);
  }
}

TEST(SessionMutants, OnlyASessionThatLogindCallsOpenIsWide) {
  show("cgroup", "0::/user.slice/user-1000.slice/session-3.scope\n");
  login_session_state = "active";
  STRCMP_EQUAL("3", ask()->login_session.c_str());
  CHECK(ask()->where.widest == Scope::Session);
  login_session_state = "closing";
  CHECK(ask()->where.widest == Scope::Tty);
  for (const int error : {ENXIO, ENOMEM}) {
    login_session_error = error;
    CHECK(ask()->where.widest == Scope::Tty);
  }
}

TEST(SessionMutants, WithoutLogindTheAuditSessionIsWide) {
  logind_runs = false;
  show("sessionid", "7");
  CHECK(ask()->where.widest == Scope::Session);
  logind_runs = true;
  CHECK(ask()->where.widest == Scope::Tty);
}

TEST(SessionMutants, TheTerminalIsThatOfALivingLeader) {
  const std::string pid = std::to_string(getpid());
  const std::string rest = " 34816 -1 4194560 406 0 8 0 0 0 0 0 20 0 1 0 48730 7483392\n";
  show("stat", pid + " (sudo) S 1 1 " + pid + rest);
  const auto asker = ask();
  CHECK(asker.has_value());
  CHECK(asker->where.tty == makedev(136, 0));
  LONGS_EQUAL(getpid(), asker->where.leader);
  UNSIGNED_LONGS_EQUAL(48730, asker->where.leader_start);

  show("stat", pid + " (sudo) S 1 1 1" + rest);
  redirected["/proc/1/stat"] = "";
  CHECK(ask()->where.tty == 0);
  LONGS_EQUAL(0, ask()->where.leader);

  const std::string no_terminal = " 0 -1 4194560 406 0 8 0 0 0 0 0 20 0 1 0 48730 7483392\n";
  show("stat", pid + " (sudo) S 1 1 " + pid + no_terminal);
  LONGS_EQUAL(0, ask()->where.leader);
}

TEST(SessionMutants, APeerThatIsPinnedByItsPidIsTheProcessThatStartedThen) {
  pidfd_error = ENOPROTOOPT;
  const auto peer = identify_peer(ends[0]);
  CHECK(peer.has_value());
  UNSIGNED_LONGS_EQUAL(read_stat(getpid())->start, *peer->start);
  pidfd_error = 0;
  CHECK_FALSE(identify_peer(ends[0])->start.has_value());
}

TEST(SessionMutants, APeerWhoseStatCannotBeReadIsNobody) {
  pidfd_error = ENOPROTOOPT;
  redirected = {
      {own + "stat", ""}
  };
  CHECK_FALSE(identify_peer(ends[0]).has_value());
}

TEST(SessionMutants, APeerWithoutAPidHereIsUntrusted) {
  for (const pid_t pid : {0, -1}) {
    peer_pid = pid;
    const auto peer = identify_peer(ends[0]);
    CHECK_FALSE(peer.has_value());
    CHECK(peer.error().code == Errc::Untrusted);
  }
}

TEST(SessionMutants, AKernelWithoutPeerPidfdPinsThePidItself) {
  pidfd_error = ENOPROTOOPT;
  CHECK(identify_peer(ends[0]).has_value());

  const pid_t ended = fork();
  if (ended == 0) _exit(0);
  LONGS_EQUAL(ended, waitpid(ended, nullptr, 0));
  peer_pid = ended;
  const auto peer = identify_peer(ends[0]);
  CHECK_FALSE(peer.has_value());
  CHECK(peer.error().code == Errc::Closed);
  LONGS_EQUAL(ESRCH, peer.error().sys_errno);
}

TEST(SessionMutants, APeerThatCannotBePinnedIsNotLookedForByItsPid) {
  pidfd_error = ESRCH;
  const auto peer = identify_peer(ends[0]);
  CHECK_FALSE(peer.has_value());
  CHECK(peer.error().code == Errc::Closed);
}

TEST(SessionMutants, AProcessThatHasEndedIsNoPeer) {
  pidfd_error = ENOPROTOOPT;
  const pid_t ended = fork();
  if (ended == 0) _exit(0);
  siginfo_t info;
  LONGS_EQUAL(0, waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT));
  peer_pid = ended;  // a zombie: it has a pid, a pidfd and a stat
  const auto peer = identify_peer(ends[0]);
  LONGS_EQUAL(ended, waitpid(ended, nullptr, 0));
  CHECK_FALSE(peer.has_value());
  CHECK(peer.error().code == Errc::Closed);
}

TEST(SessionMutants, ACgroupThatOnlyBeginsOrEndsAlikeDecidesNothing) {
  for (const char* unit :
       {"session-3.slice", "app-x.scope", "user@1000.slice", "a-long-name.service"}) {
    const CgroupPlace place =
        parse_cgroup(std::string("0::/user.slice/user-1000.slice/") + unit + "\n");
    STRCMP_EQUAL_TEXT("", place.login_session.c_str(), unit);
    CHECK_FALSE_TEXT(place.manager.has_value(), unit);
  }
}

TEST(SessionMutants, NoLoginSessionIsNeverOpen) {
  const KeyAndReach reach = session_key({{}, 7, true, LoginSessionState::Open});
  CHECK(reach.widest == Scope::Tty);
}

TEST(SessionMutants, ASessionNameIsANumberToItsEnd) {
  for (const char* name : {"3x", "c3x", "c", "cc", "-3", "4294967296"}) {
    const KeyAndReach reach = session_key({
        {name, {}},
        {},
        true, LoginSessionState::Open
    });
    CHECK_TEXT(reach == KeyAndReach({SessionKey{}, Scope::Tty}), name);
  }
}
