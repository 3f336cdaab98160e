// SPDX-License-Identifier: ISC
#include "stepupd/wire/packet.h"

namespace stepup::wire {

Result<Packet> split(SecretBytes bytes) {
  if (bytes.size() < kHeaderSize) return failure(Errc::Malformed, "packet shorter than its header");
  Packet packet;
  Decoder in(bytes.view().first(kHeaderSize));
  in.number(packet.header.version);
  std::uint16_t type = 0;
  in.number(type);
  packet.header.type = static_cast<MessageType>(type);
  for (std::uint8_t& byte : packet.header.request_id) in.number(byte);
  packet.bytes = std::move(bytes);
  return packet;
}

void put_header(Encoder& out, const Header& header) {
  out.number(header.version);
  out.number(static_cast<std::uint16_t>(header.type));
  for (const std::uint8_t byte : header.request_id) out.number(byte);
}

}  // namespace stepup::wire
