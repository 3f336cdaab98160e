// SPDX-License-Identifier: ISC
#include "stepupd/session/peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "stepupd/session/asker.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

namespace stepup::session {
namespace {

Result<Peer> pin_by_pid(Peer peer) {
  // The wrapper pidfd_open() came with glibc 2.36; the system call is in every kernel we support.
  peer.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0)));
  if (!peer.pidfd) return failure(Errc::Closed, "pidfd_open", errno);
  const auto stat = read_stat(peer.pid);
  if (!stat) return std::unexpected(stat.error());
  peer.start = stat->start;
  if (!still_runs(peer)) return failure(Errc::Closed, "peer ended");
  return peer;
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

  Peer peer;
  peer.pid = credentials.pid;
  peer.uid = credentials.uid;
  int pidfd = -1;
  size = sizeof pidfd;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) {
    peer.pidfd.reset(pidfd);
    return peer;
  }
  if (errno != ENOPROTOOPT) return failure(Errc::Closed, "SO_PEERPIDFD", errno);
  return pin_by_pid(std::move(peer));  // the kernel has no SO_PEERPIDFD
}

Result<std::vector<gid_t>> read_peer_groups(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return failure(Errc::Untrusted, "SO_PEERCRED", errno);
  }
  constexpr std::size_t kMost = 65536;  // NGROUPS_MAX
  std::vector<gid_t> groups(kMost);
  size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
    return failure(Errc::Untrusted, "SO_PEERGROUPS", errno);
  }
  groups.resize(size / sizeof(gid_t));
  groups.push_back(credentials.gid);
  return groups;
}

Result<Peer> pin_process(pid_t pid) {
  Peer peer;
  peer.pid = pid;
  return pin_by_pid(std::move(peer));
}

bool still_runs(const Peer& peer) {
  pollfd poller{peer.pidfd.get(), POLLIN, 0};
  return poll(&poller, 1, 0) == 0;  // readable = ended (pidfd_open(2))
}

}  // namespace stepup::session
