// SPDX-License-Identifier: ISC
#include "stepupd/daemon/fido2_ceremony.h"

#include <sys/epoll.h>

#include <chrono>
#include <utility>

#include "stepupd/factor/random.h"
#include "stepupd/wire/request_table.h"
#include "stepupd/wire/seqpacket.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;

constexpr BootTime kSilence = 5s;        // heartbeats come every 2 s
constexpr std::size_t kMaxEvents = 100;  // that nobody has looked at: no key changes that often

template <typename Message>
CeremonyEvent decoded(const wire::Packet& packet) {
  auto message = wire::decode<Message>(packet);
  if (!message) return message.error();
  return std::move(*message);
}

CeremonyEvent event_of(const wire::Packet& packet) {
  switch (packet.header.type) {
    case wire::MessageType::CeremonyProgress: return decoded<wire::CeremonyProgress>(packet);
    case wire::MessageType::PinWanted: return decoded<wire::PinWanted>(packet);
    case wire::MessageType::Assertion: return decoded<wire::Assertion>(packet);
    case wire::MessageType::NewCredential: return decoded<wire::NewCredential>(packet);
    case wire::MessageType::CeremonyFailed: return decoded<wire::CeremonyFailed>(packet);
    default: return Error{Errc::Malformed, 0, "the helper sent a message that it may not send"};
  }
}

bool is_last(const CeremonyEvent& event) {
  return !std::holds_alternative<wire::CeremonyProgress>(event) &&
         !std::holds_alternative<wire::PinWanted>(event);
}

}  // namespace

bool Fido2Ceremony::open(sd_event* loop, const std::string& socket) {
  if (const auto random = factor::fill_random(request_id_); !random) {
    fail(random.error());
    return false;
  }
  auto fd = wire::connect_to(socket);
  if (!fd) {
    fail({fd.error().code, fd.error().sys_errno, "stepup-fido2-helper cannot be reached"});
    return false;
  }
  fd_ = std::move(*fd);
  auto started = source_.start(loop, fd_.get(), EPOLLIN, [this](std::uint32_t) { receive(); });
  if (started) {
    started = silence_.start(
        loop, [this] { fail({Errc::TimedOut, 0, "stepup-fido2-helper does not answer"}); });
  }
  if (!started) {
    fail(started.error());
    return false;
  }
  silence_.arm(kSilence);
  return true;
}

void Fido2Ceremony::send_encoded(const Result<SecretBytes>& packet) {
  if (ended_) return;
  if (!packet) return fail(packet.error());
  const auto sent = wire::send_packet(fd_.get(), *packet);
  if (!sent) fail({sent.error().code, sent.error().sys_errno, "stepup-fido2-helper is gone"});
}

void Fido2Ceremony::receive() {
  auto bytes = wire::receive_packet(fd_.get());
  if (!bytes) {
    if (bytes.error().code == Errc::Busy) return;
    return fail({bytes.error().code, bytes.error().sys_errno, "stepup-fido2-helper is gone"});
  }
  silence_.arm(kSilence);
  const auto packet = wire::split(std::move(*bytes));
  if (!packet) return fail(packet.error());
  const wire::Header& header = packet->header;
  if (header.version != wire::kVersion || header.request_id != request_id_ ||
      !wire::expected_reply(wire::Socket::Helper, header.type)) {
    return fail({Errc::Malformed, 0, "stepup-fido2-helper speaks nonsense"});
  }
  if (header.type == wire::MessageType::Heartbeat) return;
  if (events_.size() >= kMaxEvents) {
    return fail({Errc::TooLarge, 0, "stepup-fido2-helper says too much"});
  }
  push(event_of(*packet));
}

void Fido2Ceremony::push(CeremonyEvent event) {
  if (ended_) return;
  if (is_last(event)) {
    ended_ = true;
    source_.enable(false);
    silence_.disarm();
    fd_.reset();
  }
  events_.push_back(std::move(event));
  wake();
}

void Fido2Ceremony::fail(const Error& error) { push(error); }

void Fido2Ceremony::wake() {
  // Last: whoever is woken may destroy this object.
  if (waiter_) std::exchange(waiter_, nullptr).resume();
}

CeremonyEvent Fido2Ceremony::take() {
  if (events_.empty()) return wire::CeremonyFailed{wire::CeremonyFailure::Cancelled, ""};
  CeremonyEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Fido2Ceremony::answer_pin(const SecretBytes& pin) {
  if (pin.size() > wire::kMaxPin) return cancel();
  send(wire::Pin{pin.copy()});
}

void Fido2Ceremony::cancel() {
  if (ended_) return;
  events_.clear();
  // The end of the connection cancels, too, whatever becomes of this packet.
  if (const auto packet = wire::encode(request_id_, wire::Cancel{})) {
    (void)wire::send_packet(fd_.get(), *packet);
  }
  push(wire::CeremonyFailed{wire::CeremonyFailure::Cancelled, ""});
}

}  // namespace stepup::daemon
