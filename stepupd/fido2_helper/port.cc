// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/port.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "stepupd/wire/seqpacket.h"

namespace stepup::fido2_helper {
namespace {

using wire::DialogueState;
using wire::MessageType;

// PROTOCOL.md, "Deadlines".
constexpr BootTime kRequestDue = std::chrono::seconds(5);
constexpr BootTime kHeartbeat = std::chrono::seconds(2);

int milliseconds_until(BootTime due) {
  const BootTime left = due - boot_now();
  return static_cast<int>(
      std::clamp(left, BootTime::zero(), BootTime(std::chrono::hours(1))).count());
}

}  // namespace

Result<wire::Packet> Port::receive_request() {
  const BootTime due = boot_now() + kRequestDue;
  pollfd watched{.fd = connection_.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&watched, 1, milliseconds_until(due));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return failure(Errc::TimedOut, "no request came");
  auto bytes = wire::receive_packet(connection_.get());
  if (!bytes) return std::unexpected(bytes.error());
  auto packet = wire::split(std::move(*bytes));
  if (!packet) return packet;
  request_id_ = packet->header.request_id;
  if (packet->header.version != wire::kVersion) {
    (void)send(wire::VersionMismatch{});
    return failure(Errc::Malformed, "version");
  }
  if (!wire::permitted(wire::Socket::Helper, state_, packet->header.type).allowed) {
    return failure(Errc::Malformed, "message type");
  }
  state_ = DialogueState::Working;
  heartbeat_due_ = boot_now() + kHeartbeat;
  return packet;
}

bool Port::wait(BootTime until) {
  while (!over_) {
    pollfd watched[] = {
        {.fd = connection_.get(), .events = POLLIN, .revents = 0},
        {.fd = attention_.fd(),   .events = POLLIN, .revents = 0}
    };
    const int r = poll(watched, 2, milliseconds_until(std::min(until, heartbeat_due_)));
    if (r < 0 && errno != EINTR) over_ = true;
    if (boot_now() >= heartbeat_due_) {
      (void)send(wire::Heartbeat{});
      heartbeat_due_ = boot_now() + kHeartbeat;
    }
    if (r > 0 && watched[0].revents != 0 && !receive()) over_ = true;
    if (r > 0 && watched[1].revents != 0) {
      attention_.hush();
      break;
    }
    if (pin_ || boot_now() >= until) break;
  }
  return !over_;
}

// Takes what stepupd sent; false when that ends the ceremony.
bool Port::receive() {
  auto bytes = wire::receive_packet(connection_.get());
  if (!bytes) return bytes.error().code == Errc::Busy;
  auto packet = wire::split(std::move(*bytes));
  if (!packet || packet->header.version != wire::kVersion ||
      packet->header.request_id != request_id_ ||
      !wire::permitted(wire::Socket::Helper, state_, packet->header.type).allowed ||
      packet->header.type != MessageType::Pin) {
    return false;
  }
  auto pin = wire::decode<wire::Pin>(*packet);
  if (!pin) return false;
  pin_ = std::move(pin->pin);
  state_ = DialogueState::Working;
  return true;
}

void Port::send_encoded(const SecretBytes& packet) {
  // A stepupd that does not read is as good as gone.
  if (!wire::send_packet(connection_.get(), packet)) over_ = true;
}

void Port::tell(wire::CeremonyStage stage, std::string detail) {
  detail.resize(std::min(detail.size(), wire::kMaxName));
  wire::CeremonyProgress progress{stage, std::move(detail)};
  if (told_ == progress) return;
  (void)send(progress);
  told_ = std::move(progress);
}

std::optional<SecretBytes> Port::ask_pin(int tries_left, bool was_wrong, BootTime until) {
  state_ = DialogueState::AwaitingAnswer;
  told_.reset();  // what was told is not on the screen any more
  (void)send(wire::PinWanted{static_cast<std::uint8_t>(std::min(tries_left, 255)), was_wrong});
  while (!pin_) {
    if (!wait(until) || boot_now() >= until) return std::nullopt;
  }
  return std::exchange(pin_, std::nullopt);
}

}  // namespace stepup::fido2_helper
