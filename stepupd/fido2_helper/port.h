// SPDX-License-Identifier: ISC
// The helper's end of helper.sock: one request, and what is said about it.
#pragma once

#include <optional>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/helper_messages.h"
#include "stepupd/wire/packet.h"
#include "stepupd/wire/request_table.h"

namespace stepup::fido2_helper {

class Port {
 public:
  explicit Port(UniqueFd fd) : fd_(std::move(fd)) {}

  // Waits for the request, 5 s at the most.  Input is untrusted: fails with Malformed for anything
  // but a request that may be made, TimedOut, Closed.
  [[nodiscard]] Result<wire::Packet> request();

  // What the daemon sends later.
  struct Word {
    bool cancelled = false;  // by a Cancel, by its leaving, or by breaking the protocol
    std::optional<SecretBytes> pin;
  };
  // Reads what is there, without waiting.
  [[nodiscard]] Word hear();

  template <typename Message>
  void say(const Message& message) {
    if (const auto packet = wire::encode(request_id_, message)) send(*packet);
    if constexpr (Message::kType == wire::MessageType::PinWanted) {
      state_ = wire::DialogueState::AwaitingAnswer;
    }
  }

  // Sends a heartbeat when one is due.
  void tick(BootTime now);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  [[nodiscard]] Result<wire::Packet> receive();
  void send(const SecretBytes& packet);

  UniqueFd fd_;
  wire::RequestId request_id_{};
  wire::DialogueState state_ = wire::DialogueState::AwaitingRequest;
  BootTime last_heartbeat_{};
  bool gone_ = false;
};

}  // namespace stepup::fido2_helper
