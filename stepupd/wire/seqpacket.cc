// SPDX-License-Identifier: ISC
#include "stepupd/wire/seqpacket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>

namespace stepup::wire {
namespace {

// Closes every descriptor that came with `message` and reports whether there was one.  Credentials
// go to `sender_pid`.
bool drop_descriptors(msghdr& message, pid_t* sender_pid) noexcept {
  bool found = (message.msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        (void)close(fd);
      }
      found = true;
    } else if (c->cmsg_type == SCM_CREDENTIALS && sender_pid != nullptr) {
      ucred credentials{};
      memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
      *sender_pid = credentials.pid;
    }
  }
  return found;
}

// Why receiving failed.
std::unexpected<Error> receive_failure() {
  const Errc code = errno == EAGAIN       ? Errc::Busy
                    : errno == ECONNRESET ? Errc::Closed
                                          : Errc::Internal;
  return failure(code, "recvmsg", errno);
}

}  // namespace

Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return failure(Errc::Unreachable, "socket path", ENAMETOOLONG);
  }
  path.copy(address.sun_path, path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failure(Errc::Internal, "socket", errno);
  // SAFETY: connect(2) takes every address family through sockaddr.
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure(Errc::Unreachable, "connect", errno);
  }
  return fd;
}

Status send_packet(int fd, const SecretBytes& packet) {
  ssize_t n = 0;
  do {
    n = send(fd, packet.view().data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) return {};
  switch (errno) {
    case EAGAIN: return failure(Errc::Busy, "send", errno);
    case EPIPE:
    case ECONNRESET: return failure(Errc::Closed, "send", errno);
    default: return failure(Errc::Internal, "send", errno);
  }
}

Result<SecretBytes> receive_packet(int fd, pid_t* sender_pid) {
  if (sender_pid != nullptr) *sender_pid = 0;
  ssize_t n = 0;
  // The size comes first: a buffer for the largest packet would have to be cleared and wiped.
  do {
    n = recv(fd, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return receive_failure();
  SecretBytes packet(std::min(static_cast<std::size_t>(n), kMaxPacket));
  iovec part{packet.bytes().data(), packet.size()};
  // Room for one descriptor and the credentials: more sets MSG_CTRUNC, and the kernel closes them.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(ucred))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  do {
    n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return receive_failure();
  if (drop_descriptors(message, sender_pid)) return failure(Errc::Malformed, "unasked descriptor");
  if (n == 0) return failure(Errc::Closed, "end of connection");
  if ((message.msg_flags & MSG_TRUNC) != 0) return failure(Errc::TooLarge, "packet");
  packet.shrink(static_cast<std::size_t>(n));
  return packet;
}

}  // namespace stepup::wire
