// SPDX-License-Identifier: ISC
#include "stepupd/session/peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stepupd/session/asker.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

namespace stepup::session {
namespace {

Result<UniqueFd> pin(int fd, pid_t pid) {
  int pidfd = -1;
  socklen_t size = sizeof pidfd;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) return UniqueFd(pidfd);
  if (errno != ENOPROTOOPT) return failure(Errc::Closed, "SO_PEERPIDFD", errno);
  // The wrapper pidfd_open() came with glibc 2.36; the system call is in every kernel we support.
  pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return failure(Errc::Closed, "pidfd_open", errno);
  return UniqueFd(pidfd);
}

}  // namespace

Result<Peer> identify_peer(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return failure(Errc::Untrusted, "SO_PEERCRED", errno);
  }
  // The kernel reports 0 for a process in a pid namespace that we cannot see.
  if (credentials.pid <= 0) return failure(Errc::Untrusted, "peer without a pid here");
  auto pidfd = pin(fd, credentials.pid);
  if (!pidfd) return std::unexpected(pidfd.error());
  const auto stat = read_stat(credentials.pid);
  if (!stat) return std::unexpected(stat.error());

  Peer peer;
  peer.pid = credentials.pid;
  peer.uid = credentials.uid;
  peer.start = stat->start;
  peer.pidfd = std::move(*pidfd);
  if (!still_runs(peer)) return failure(Errc::Closed, "peer ended");
  return peer;
}

bool still_runs(const Peer& peer) {
  pollfd poller{peer.pidfd.get(), POLLIN, 0};
  return poll(&poller, 1, 0) == 0;  // readable = ended (pidfd_open(2))
}

}  // namespace stepup::session
