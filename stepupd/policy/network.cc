// SPDX-License-Identifier: ISC
#include "stepupd/policy/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace stepup::policy {
namespace {

constexpr unsigned kMappedBits = 96;
constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_ipv4(const Address& address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin());
}

// Whether the first `bits` of both are the same.
bool agree(const Address& a, const Address& b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + whole, b.bytes.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a.bytes.at(whole) ^ b.bytes.at(whole)) >> (8 - rest)) == 0;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  Address address;
  if (const auto percent = text.find('%'); percent != text.npos) {
    address.zone = text.substr(percent + 1);
    text = text.substr(0, percent);
    if (address.zone.empty() || !text.contains(':')) return std::nullopt;
  }
  const std::string terminated(text);
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  std::ranges::copy(kMapped, address.bytes.begin());
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + kMapped.size()) == 1) {
    return address;
  }
  return std::nullopt;
}

bool Network::contains(const Address& address) const noexcept {
  return agree(base, address, bits) && (base.zone.empty() || base.zone == address.zone);
}

std::expected<Network, std::string> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::unexpected("is no address, nor a network such as 10.0.0.0/8");
  Network network{std::string(text), *address, 128};
  if (slash == text.npos) return network;

  // "::ffff:10.0.0.0/104" counts its bits as IPv6 does, "10.0.0.0/8" as IPv4.
  const bool short_form = is_ipv4(*address) && !text.contains(':');
  const unsigned most = short_form ? 32 : 128;
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits > most) {
    return std::unexpected("takes a whole number up to " + std::to_string(most) + " after the /");
  }
  network.bits = bits + (short_form ? kMappedBits : 0);
  // Meant as the host or as its network?  Neither guess is safe.
  for (unsigned bit = network.bits; bit < 128; ++bit) {
    if ((address->bytes.at(bit / 8) >> (7 - bit % 8) & 1) != 0) {
      return std::unexpected("names a host and a network at once: past the first " +
                             std::to_string(bits) + " bits all must be 0");
    }
  }
  return network;
}

}  // namespace stepup::policy
