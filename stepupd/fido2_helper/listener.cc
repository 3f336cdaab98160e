// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/seqpacket.h"

namespace stepup::fido2_helper {
namespace {

constexpr int kBacklog = 128;
constexpr int kMaxAtOnce = 16;

Status open_to_group(const Place& place) {
  if (place.group.empty()) return {};
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs here
  const group* members = getgrnam(place.group.c_str());
  if (members == nullptr) return failure(Errc::NotFound, "the group of the socket", errno);
  if (chown(place.path.c_str(), static_cast<uid_t>(-1), members->gr_gid) != 0 ||
      chmod(place.path.c_str(), 0660) != 0) {
    return failure(Errc::Internal, "the group of the socket", errno);
  }
  return {};
}

Result<UniqueFd> bind_to(const Place& place) {
  if (wire::connect_to(place.path)) return failure(Errc::Busy, "a helper listens there already");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (place.path.size() >= sizeof address.sun_path) return failure(Errc::TooLarge, "socket path");
  place.path.copy(address.sun_path, place.path.size());
  struct stat old{};
  if (lstat(place.path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) {
    (void)unlink(place.path.c_str());
  }
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return failure(Errc::Internal, "socket", errno);
  (void)umask(0177);  // 0600 from the first moment
  // SAFETY: bind(2) takes every address family through sockaddr.
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure(Errc::Internal, "bind", errno);
  }
  if (auto opened = open_to_group(place); !opened) return std::unexpected(opened.error());
  if (listen(fd.get(), kBacklog) != 0) return failure(Errc::Internal, "listen", errno);
  return fd;
}

Status become(const std::string& user) {
  if (user.empty()) return {};
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs here
  const passwd* account = getpwnam(user.c_str());
  if (account == nullptr) return failure(Errc::NotFound, "the user to run as", errno);
  const uid_t uid = account->pw_uid;
  const gid_t gid = account->pw_gid;
  if (initgroups(user.c_str(), gid) != 0 || setresgid(gid, gid, gid) != 0 ||
      setresuid(uid, uid, uid) != 0) {
    return failure(Errc::Internal, "becoming the user to run as", errno);
  }
  return {};
}

// In the child.
[[noreturn]] void serve(int connection) {
  // The number that it has as it stands must not be closed by exec.
  const bool placed = connection == kConnection ? fcntl(connection, F_SETFD, 0) == 0
                                                : dup2(connection, kConnection) == kConnection;
  if (placed) {
    (void)execl("/proc/self/exe", "stepup-fido2-helper", "--connection", nullptr);
  }
  _exit(EXIT_FAILURE);
}

}  // namespace

Error listen_at(const Place& place) {
  const auto listener = bind_to(place);
  if (!listener) return listener.error();
  if (const auto became = become(place.user); !became) return became.error();
  for (int running = 0;;) {
    while (running > 0 && waitpid(-1, nullptr, running < kMaxAtOnce ? WNOHANG : 0) > 0) --running;
    const UniqueFd connection(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return {Errc::Internal, errno, "accept"};
    }
    const pid_t child = fork();
    if (child == 0) serve(connection.get());
    if (child > 0) ++running;
  }
}

}  // namespace stepup::fido2_helper
