// SPDX-License-Identifier: ISC
#include "stepupd/wire/client.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>

#include "stepupd/wire/seqpacket.h"

namespace stepup::wire {
namespace {

// Half of what the contract allows, so that Ctrl-C feels immediate.
constexpr BootTime kSlice = std::chrono::milliseconds(100);

constexpr int kRetry = 10;  // ms between attempts to connect

// Waits until `fd` is readable, at most one slice.  A signal ends it early, which is harmless: the
// caller looks at the clock again.
Status wait_readable(int fd, BootTime at_most) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  const BootTime slice = std::clamp(at_most, BootTime(1), kSlice);
  if (poll(&watched, 1, static_cast<int>(slice.count())) < 0 && errno != EINTR) {
    return failure(Errc::Internal, "poll", errno);
  }
  return {};
}

}  // namespace

Result<Client> Client::connect(const std::string& path, Socket socket, Deadlines deadlines) {
  Client client;
  client.socket_ = socket;
  client.deadlines_ = deadlines;
  // 16 bytes come whole or not at all (getrandom(2)), and only early in boot not at once.
  RequestId& id = client.request_id_;
  if (getrandom(id.data(), id.size(), GRND_NONBLOCK) != static_cast<ssize_t>(id.size())) {
    return failure(Errc::Internal, "getrandom", errno);
  }
  // A full backlog (EAGAIN) is a busy daemon, not an absent one.
  const BootTime due = boot_now() + deadlines.first_reply;
  auto fd = connect_to(path);
  while (!fd && fd.error().sys_errno == EAGAIN && boot_now() < due) {
    (void)poll(nullptr, 0, kRetry);
    fd = connect_to(path);
  }
  if (!fd) return std::unexpected(fd.error());
  client.fd_ = std::move(*fd);
  return client;
}

Result<uid_t> Client::listener_uid() const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return failure(Errc::Internal, "SO_PEERCRED", errno);
  }
  return peer.uid;
}

Status Client::send(const AgentAnswer& message, int descriptor) {
  const auto packet = encode(request_id_, message);
  if (!packet) return std::unexpected(packet.error());
  return send_encoded(*packet, descriptor);
}

Status Client::send_encoded(const SecretBytes& packet, int descriptor) {
  return send_packet(fd_.get(), packet, descriptor);
}

Result<Packet> Client::next(const Interrupted& interrupted) {
  BootTime now = boot_now();
  const BootTime message_due = now + deadlines_.message;
  BootTime sign_of_life_due = now + (heard_ ? deadlines_.heartbeat : deadlines_.first_reply);
  for (;;) {
    if (interrupted && interrupted()) {
      was_interrupted_ = true;
      return failure(Errc::Closed, "interrupted");
    }
    // Read before looking at the clock: a packet that waits in the queue is not late.
    auto bytes = receive();
    now = boot_now();
    if (bytes) {
      heard_ = true;
      auto packet = admit(std::move(*bytes));
      if (!packet || packet->header.type != MessageType::Heartbeat) return packet;
      sign_of_life_due = now + deadlines_.heartbeat;
    } else if (bytes.error().code != Errc::Busy) {
      return std::unexpected(bytes.error());
    }
    const BootTime due = std::min(sign_of_life_due, message_due);
    if (now >= due) return failure(Errc::TimedOut, "reply");
    if (bytes) continue;
    if (auto waited = wait_readable(fd_.get(), due - now); !waited) {
      return std::unexpected(waited.error());
    }
  }
}

// Receives one packet, as receive_packet() does.
Result<SecretBytes> Client::receive() {
  auto bytes = receive_packet(fd_.get());
  // A daemon that closes before it has read our last packet resets the connection, and the kernel
  // reports that once, ahead of the verdict that is queued.
  if (!bytes && bytes.error().sys_errno == ECONNRESET) bytes = receive_packet(fd_.get());
  if (!bytes && bytes.error().code == Errc::TooLarge) {
    return failure(Errc::Malformed, bytes.error().what);
  }
  return bytes;
}

// Input is untrusted: whatever listens at the path.  Splits the packet and lets through only what
// a daemon may send us.
Result<Packet> Client::admit(SecretBytes bytes) const {
  auto packet = split(std::move(bytes));
  if (!packet) return packet;
  const Header& header = packet->header;
  if (header.request_id != request_id_) return failure(Errc::Malformed, "another request's reply");
  if (!expected_reply(socket_, header.type)) return failure(Errc::Malformed, "message type");
  // The one message whose layout never changes may come from any version.
  if (header.version != kVersion && header.type != MessageType::VersionMismatch) {
    return failure(Errc::Malformed, "version");
  }
  if (header.type == MessageType::Heartbeat && !packet->body().empty()) {
    return failure(Errc::Malformed, "heartbeat");
  }
  return packet;
}

}  // namespace stepup::wire
