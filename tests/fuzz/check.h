// SPDX-License-Identifier: ISC
// What the fuzz targets share.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "stepupd/wire/packet.h"

namespace stepup::fuzz {

// Ends the run with a crash that names the property which does not hold.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  // SAFETY: any object may be read as char.
  return {reinterpret_cast<const char*>(data), size};
}

// Whether `packet` is refused as a Message, or encodes again to the very bytes that came: so no two
// byte strings mean the same, and no layer reads another meaning than the next one.
template <typename Message>
bool is_canonical(const wire::Packet& packet) {
  const auto message = wire::decode<Message>(packet);
  if (!message) return true;
  const auto again = wire::encode(packet.header.request_id, *message);
  if (!again) return false;
  // The header's version is looked at by the server and the client, not by decode().
  const auto theirs = packet.bytes.view().subspan(sizeof(std::uint16_t));
  const auto ours = again->view().subspan(sizeof(std::uint16_t));
  return std::string_view(text_of(theirs.data(), theirs.size())) ==
         text_of(ours.data(), ours.size());
}

}  // namespace stepup::fuzz
