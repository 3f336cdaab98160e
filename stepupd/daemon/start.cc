// SPDX-License-Identifier: ISC
#include "stepupd/daemon/start.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <memory>

#include "stepupd/wire/seqpacket.h"

namespace stepup::daemon {
namespace {

constexpr int kBacklog = 128;
constexpr const char* kGrantsName = "grants";

// Makes every packet name its sender (SO_PASSCRED); accepted sockets inherit it.
Status name_senders(int fd) {
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
    return failure(Errc::Internal, "SO_PASSCRED", errno);
  }
  return {};
}

Result<UniqueFd> bind_one(const std::string& path, mode_t mode) {
  if (wire::connect_to(path)) return failure(Errc::Busy, "stepupd is already running");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failure(Errc::TooLarge, "socket path");
  path.copy(address.sun_path, path.size());
  struct stat old{};
  if (lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) (void)unlink(path.c_str());
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failure(Errc::Internal, "socket", errno);
  // The mode must be right from the first moment: nobody may slip in between bind and chmod.
  const mode_t before = umask(static_cast<mode_t>(~mode & 0777));
  // SAFETY: bind(2) takes every address family through sockaddr.
  const int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  (void)umask(before);
  if (bound != 0) return failure(Errc::Internal, "bind", error);
  if (auto named = name_senders(fd.get()); !named) return std::unexpected(named.error());
  if (listen(fd.get(), kBacklog) != 0) return failure(Errc::Internal, "listen", errno);
  return fd;
}

Status drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &header, none) != 0) return failure(Errc::Internal, "capset", errno);
  return {};
}

}  // namespace

Result<Sockets> passed_sockets() {
  char** raw = nullptr;
  const int count = sd_listen_fds_with_names(1, &raw);
  if (count < 0) return failure(Errc::Internal, "sd_listen_fds", -count);
  Sockets sockets;
  for (int i = 0; i < count; ++i) {
    const std::unique_ptr<char, decltype(&free)> name(raw[i], &free);
    UniqueFd fd(SD_LISTEN_FDS_START + i);
    if (strcmp(name.get(), kGrantsName) == 0) {
      sockets.grants = std::move(fd);
      continue;
    }
    if (sd_is_socket_unix(fd.get(), SOCK_SEQPACKET, 1, nullptr, 0) <= 0) continue;
    if (auto named = name_senders(fd.get()); !named) return std::unexpected(named.error());
    if (strcmp(name.get(), "stepupd") == 0) {
      sockets.stepupd = std::move(fd);
    } else if (strcmp(name.get(), "control") == 0) {
      sockets.control = std::move(fd);
    }
  }
  free(static_cast<void*>(raw));
  if (static_cast<bool>(sockets.stepupd) != static_cast<bool>(sockets.control)) {
    return failure(Errc::Malformed, "systemd passed only one of the sockets stepupd and control");
  }
  return sockets;
}

Result<Sockets> bind_sockets(const std::string& run_dir) {
  auto stepupd = bind_one(run_dir + "/stepupd.sock", 0600);
  if (!stepupd) return std::unexpected(stepupd.error());
  auto control = bind_one(run_dir + "/control.sock", 0666);
  if (!control) return std::unexpected(control.error());
  return Sockets{std::move(*stepupd), std::move(*control), {}};
}

void store_in_systemd(int fd) {
  if (fd < 0) return;
  const std::string state = std::string("FDSTORE=1\nFDNAME=") + kGrantsName;
  (void)sd_pid_notify_with_fds(0, 0, state.c_str(), &fd, 1);
}

Status drop_privileges(const std::string& user) {
  if (geteuid() != 0) return {};
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet
  const passwd* account = getpwnam(user.c_str());
  if (account == nullptr) return failure(Errc::NotFound, "the user to run as", errno);
  const uid_t uid = account->pw_uid;
  const gid_t gid = account->pw_gid;
  if (uid == 0) return failure(Errc::Untrusted, "stepupd does not run as root");
  if (setgroups(0, nullptr) != 0) return failure(Errc::Internal, "setgroups", errno);
  if (setresgid(gid, gid, gid) != 0) return failure(Errc::Internal, "setresgid", errno);
  if (setresuid(uid, uid, uid) != 0) return failure(Errc::Internal, "setresuid", errno);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return failure(Errc::Internal, "PR_SET_NO_NEW_PRIVS", errno);
  }
  return drop_capabilities();
}

}  // namespace stepup::daemon
