// SPDX-License-Identifier: ISC
// One packet = header + one message (PROTOCOL.md, "Packet").
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "stepupd/base/result.h"
#include "stepupd/wire/codec.h"
#include "stepupd/wire/messages.h"

namespace stepup::wire {

// Chosen at random by the client and echoed in every reply: a reply to another request, or of an
// earlier run, is recognised and refused.
using RequestId = std::array<std::uint8_t, 16>;

struct Header {
  std::uint16_t version = kVersion;
  MessageType type{};
  RequestId request_id{};
};
inline constexpr std::size_t kHeaderSize = 2 + 2 + 16;

// A received packet, split but not yet understood.
struct Packet {
  Header header;
  SecretBytes bytes;  // header included

  [[nodiscard]] std::span<const std::uint8_t> body() const {
    return bytes.view().subspan(kHeaderSize);
  }
};

// Input is untrusted.  Splits off the header.  Any version and type are returned as they are: the
// caller refuses what it does not speak.
[[nodiscard]] Result<Packet> split(SecretBytes bytes);

void put_header(Encoder& out, const Header& header);

// Writes `message` as one packet.  Fails with TooLarge when a field exceeds its limit.
template <typename Message>
[[nodiscard]] Result<SecretBytes> encode(const RequestId& request_id, const Message& message) {
  Encoder out;
  put_header(out, {kVersion, Message::kType, request_id});
  Message::fields(message, out);
  if (!out.ok()) return failure(Errc::TooLarge, "message to encode");
  return out.take();
}

// Input is untrusted.  Reads the body as a Message; any excess or missing byte is Malformed.
// Requires packet.header.type == Message::kType.
template <typename Message>
[[nodiscard]] Result<Message> decode(const Packet& packet) {
  Decoder in(packet.body());
  Message message;
  Message::fields(message, in);
  if (!in.finished()) return failure(Errc::Malformed, "message");
  return message;
}

}  // namespace stepup::wire
