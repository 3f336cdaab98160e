// SPDX-License-Identifier: ISC
// Addresses and networks: "10.0.0.0/8", "2001:db8::/32", "fe80::1%eth0".  Pure.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace stepup::policy {

// An address of IPv4 is kept in its mapped form (::ffff:0:0/96), so that both spellings are one.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  std::string zone;  // the interface of "fe80::1%eth0"; empty = none was named
  bool operator==(const Address&) const = default;
};

// Input is untrusted: a host name or anything else may stand where an address is hoped for, which
// gives nothing.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

struct Network {
  std::string text;  // as it was written
  Address base;
  unsigned bits = 128;  // how many of them count, in the mapped form
  bool operator==(const Network&) const = default;

  // A network without a zone holds addresses of every zone.
  [[nodiscard]] bool contains(const Address& address) const noexcept;
  [[nodiscard]] bool contains(const Network& other) const noexcept {
    return other.bits >= bits && contains(other.base);
  }
};

// An address, or one with "/bits".  The error says what is wrong with `text`.
[[nodiscard]] std::expected<Network, std::string> parse_network(std::string_view text);

}  // namespace stepup::policy
