// SPDX-License-Identifier: ISC
// The client's end of one dialogue, for the module and stepupctl: connect, send one request, read
// what the daemon sends, within the deadlines of PROTOCOL.md ("Deadlines").
#pragma once

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
};

class Client {
 public:
  // Asked at least every 200 ms while waiting; true ends the wait with TimedOut's sibling Closed
  // (what = "interrupted").
  using Interrupted = std::function<bool()>;

  // Connects to `path`.  Fails with Unreachable (sys_errno says why).
  static Result<Client> connect(const std::string& path, Socket socket, Deadlines deadlines = {});

  // Sends the one request, Answer or Cancel.
  template <typename Message>
  Status send(const Message& message) {
    auto packet = encode(request_id_, message);
    if (!packet) return std::unexpected(packet.error());
    return send_encoded(*packet);
  }

  // Waits for the next packet that is not a heartbeat.  On success its version is ours, it echoes
  // our request id, and its type is one the daemon may send on this socket (VersionMismatch
  // included).  Fails with TimedOut (a deadline passed), Closed, Malformed (anything else).
  Result<Packet> next(const Interrupted& interrupted);

  // Whether `next` gave up because `interrupted` said so.
  [[nodiscard]] bool was_interrupted() const noexcept { return was_interrupted_; }

 private:
  Client() = default;
  Status send_encoded(const SecretBytes& packet);

  UniqueFd fd_;
  Socket socket_ = Socket::Stepupd;
  Deadlines deadlines_;
  RequestId request_id_{};
  bool heard_ = false;  // the first reply came
  bool was_interrupted_ = false;
};

}  // namespace stepup::wire
