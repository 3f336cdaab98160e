// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/port.h"

#include <poll.h>

#include <chrono>
#include <utility>

#include "stepupd/wire/seqpacket.h"

namespace stepup::fido2_helper {
namespace {

using namespace std::chrono_literals;

// PROTOCOL.md, "Deadlines".
constexpr BootTime kForRequest = 5s;
constexpr BootTime kHeartbeat = 2s;

}  // namespace

Result<wire::Packet> Port::request() {
  pollfd watched{fd_.get(), POLLIN, 0};
  if (poll(&watched, 1, static_cast<int>(kForRequest.count())) <= 0) {
    return failure(Errc::TimedOut, "no request came");
  }
  return receive();
}

Result<wire::Packet> Port::receive() {
  auto bytes = wire::receive_packet(fd_.get());
  if (!bytes) return std::unexpected(bytes.error());
  auto packet = wire::split(std::move(*bytes));
  if (!packet) return packet;
  const wire::Header& header = packet->header;
  const bool first = state_ == wire::DialogueState::AwaitingRequest;
  if (first) request_id_ = header.request_id;
  if (header.version != wire::kVersion) {
    say(wire::VersionMismatch{});
    return failure(Errc::Malformed, "a protocol version that the helper does not speak");
  }
  if (header.request_id != request_id_ ||
      !wire::permitted(wire::Socket::Helper, state_, header.type).allowed) {
    return failure(Errc::Malformed, "a message that is not allowed now");
  }
  state_ = wire::DialogueState::Working;
  return packet;
}

Port::Word Port::hear() {
  Word word;
  auto packet = receive();
  if (!packet) {
    word.cancelled = gone_ || packet.error().code != Errc::Busy;
    return word;
  }
  if (packet->header.type == wire::MessageType::Pin) {
    auto pin = wire::decode<wire::Pin>(*packet);
    if (pin) word.pin = std::move(pin->pin);
  }
  word.cancelled = !word.pin;
  return word;
}

void Port::tick(BootTime now) {
  if (now - last_heartbeat_ < kHeartbeat) return;
  last_heartbeat_ = now;
  say(wire::Heartbeat{});
}

// A daemon that is gone is noticed by hear().
void Port::send(const SecretBytes& packet) {
  if (!wire::send_packet(fd_.get(), packet)) gone_ = true;
}

}  // namespace stepup::fido2_helper
