// SPDX-License-Identifier: ISC
#include "stepupd/wire/seqpacket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <utility>

namespace stepup::wire {
namespace {

// Takes what came with `message`: one descriptor, where `wanted` is given, and the credentials, to
// `sender_pid`.  Every other descriptor is closed; false if there was one.
bool take_ancillary(msghdr& message, pid_t* sender_pid, UniqueFd* wanted) noexcept {
  bool only_wanted = (message.msg_flags & MSG_CTRUNC) == 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        UniqueFd owned(fd);
        if (wanted == nullptr || *wanted) {
          only_wanted = false;
        } else {
          *wanted = std::move(owned);
        }
      }
    } else if (c->cmsg_type == SCM_CREDENTIALS && sender_pid != nullptr) {
      ucred credentials{};
      memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
      *sender_pid = credentials.pid;
    }
  }
  if (!only_wanted && wanted != nullptr) wanted->reset();
  return only_wanted;
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

Status send_packet(int fd, const SecretBytes& packet, int descriptor) {
  // SAFETY: sendmsg(2) only reads what iov_base points to.
  iovec part{const_cast<std::uint8_t*>(packet.view().data()), packet.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t n = 0;
  do {
    // The sandbox of stepup-fido2-helper, which never sends a descriptor, knows no sendmsg(2).
    n = descriptor < 0 ? send(fd, part.iov_base, part.iov_len, MSG_NOSIGNAL | MSG_DONTWAIT)
                       : sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) return {};
  switch (errno) {
    case EAGAIN: return failure(Errc::Busy, "send", errno);
    case EPIPE:
    case ECONNRESET: return failure(Errc::Closed, "send", errno);
    default: return failure(Errc::Internal, "send", errno);
  }
}

Result<SecretBytes> receive_packet(int fd, pid_t* sender_pid, UniqueFd* descriptor) {
  if (sender_pid != nullptr) *sender_pid = 0;
  if (descriptor != nullptr) descriptor->reset();
  ssize_t n = 0;
  // The size comes first: a buffer for the largest packet would have to be cleared and wiped.
  do {
    n = recv(fd, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return receive_failure();
  SecretBytes packet(std::min(static_cast<std::size_t>(n), kMaxPacket));
  iovec part{packet.bytes().data(), packet.size()};
  // Room for the credentials and a descriptor or two: more sets MSG_CTRUNC, and the kernel closes
  // them.
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
  if (!take_ancillary(message, sender_pid, descriptor)) {
    return failure(Errc::Malformed, "unasked descriptor");
  }
  if (n == 0) return failure(Errc::Closed, "end of connection");
  if ((message.msg_flags & MSG_TRUNC) != 0) return failure(Errc::TooLarge, "packet");
  packet.shrink(static_cast<std::size_t>(n));
  return packet;
}

}  // namespace stepup::wire
