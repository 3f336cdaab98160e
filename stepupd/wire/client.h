// SPDX-License-Identifier: ISC
// The client's end of one dialogue, for the module and stepupctl: connect, send one request, read
// what the daemon sends, within the deadlines of PROTOCOL.md ("Deadlines").
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/packet.h"
#include "stepupd/wire/request_table.h"

namespace stepup::wire {

struct Deadlines {
  BootTime first_reply = std::chrono::seconds(3);
  BootTime heartbeat = std::chrono::seconds(5);  // longest silence of a working daemon
  // Longest wait for anything but a heartbeat: the 60 s that a person has, and time to say so.
  BootTime message = std::chrono::seconds(75);
};

class Client {
 public:
  // Asked at least every 200 ms while waiting; true ends the wait.  May be empty.
  using Interrupted = std::function<bool()>;

  // Connects to `path` and chooses the request id.  Fails with Unreachable (sys_errno says why).
  [[nodiscard]] static Result<Client> connect(const std::string& path, Socket socket,
                                              Deadlines deadlines = {});

  // The uid that the listener had when it called listen(2).  It stays root when a daemon that was
  // started as root, or by socket activation, has dropped its rights since.
  [[nodiscard]] Result<uid_t> listener_uid() const;

  // Sends the one request, Answer or Cancel.  Fails with TooLarge (a field exceeds its limit),
  // Closed (the daemon left; what it said before can still be read), Busy (it reads nothing).
  template <typename Message>
  [[nodiscard]] Status send(const Message& message) {
    auto packet = encode(request_id_, message);
    if (!packet) return std::unexpected(packet.error());
    return send_encoded(*packet);
  }

  // The same for an AgentAnswer, with a copy of `descriptor`, unless that is -1.
  [[nodiscard]] Status send(const AgentAnswer& message, int descriptor);

  // Waits for the next packet that is not a heartbeat.  On success it echoes our request id, its
  // type is one the daemon may send on this socket, and its version is ours, but for
  // VersionMismatch, which tells its own.  Fails with TimedOut (a deadline passed, counted from
  // this call, since heartbeats queue while a person types), Closed (the daemon left, or
  // was_interrupted()), Malformed (anything else that came).
  [[nodiscard]] Result<Packet> next(const Interrupted& interrupted);

  // Whether `next` gave up because `interrupted` said so.
  [[nodiscard]] bool was_interrupted() const noexcept { return was_interrupted_; }

 private:
  Client() = default;
  [[nodiscard]] Status send_encoded(const SecretBytes& packet, int descriptor = -1);
  [[nodiscard]] Result<SecretBytes> receive();
  [[nodiscard]] Result<Packet> admit(SecretBytes bytes) const;

  UniqueFd fd_;
  Socket socket_ = Socket::Stepupd;
  Deadlines deadlines_;
  RequestId request_id_{};
  bool heard_ = false;  // the first reply came
  bool was_interrupted_ = false;
};

}  // namespace stepup::wire
