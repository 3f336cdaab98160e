// SPDX-License-Identifier: ISC
// The connection to stepupd, and the one place where a ceremony waits.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/fido2_helper/bell.h"
#include "stepupd/wire/helper_messages.h"
#include "stepupd/wire/packet.h"
#include "stepupd/wire/request_table.h"

namespace stepup::fido2_helper {

class Port {
 public:
  explicit Port(UniqueFd connection) : connection_(std::move(connection)) {}

  // Waits for the request, which must be one of the two kinds.  Another version is answered with
  // VersionMismatch.  Every failure means that nothing is left to be done.
  [[nodiscard]] Result<wire::Packet> receive_request();

  // Waits until attention() rings, or `until`, and keeps stepupd informed meanwhile.  False: the
  // ceremony is over, since stepupd cancelled it, went away or broke the protocol.
  [[nodiscard]] bool wait(BootTime until);

  // Rung by the threads of the keys.
  [[nodiscard]] const Bell& attention() const noexcept { return attention_; }

  // Tells what the ceremony waits for, unless that was told last.
  void tell(wire::CeremonyStage stage, std::string detail = {});

  // Asks the person.  None: the ceremony is over, or `until` is past.
  [[nodiscard]] std::optional<SecretBytes> ask_pin(int tries_left, bool was_wrong, BootTime until);

  // Sends one of the last messages.  False when it does not fit into one.
  template <typename Message>
  bool send(const Message& message) {
    const auto packet = wire::encode(request_id_, message);
    if (packet) send_encoded(*packet);
    return packet.has_value();
  }

 private:
  [[nodiscard]] bool receive();
  void send_encoded(const SecretBytes& packet);

  UniqueFd connection_;
  Bell attention_;
  wire::RequestId request_id_{};
  wire::DialogueState state_ = wire::DialogueState::AwaitingRequest;
  std::optional<wire::CeremonyProgress> told_;
  std::optional<SecretBytes> pin_;
  BootTime heartbeat_due_{};
  bool over_ = false;
};

}  // namespace stepup::fido2_helper
