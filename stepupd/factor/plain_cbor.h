// SPDX-License-Identifier: ISC
// Keeps CBOR from libcbor that would make it allocate or recurse without bound: it reserves what a
// length promises before it has seen that much.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace stepup::factor {

// Input is untrusted: from the helper, and so from a USB device.  The size of the one item that
// `bytes` begin with, if it is in the form of CTAP 2.1 section 8: definite lengths that the bytes
// keep, numbers in their shortest form, no tag, no fraction, no key twice in a map, at most four
// levels.  Nothing for any other.  The order of keys is left open: some authenticators do not keep
// it, and nothing depends on it.
[[nodiscard]] std::optional<std::size_t> plain_cbor_size(std::span<const std::uint8_t> bytes);

// Whether `bytes` are one map of that form, and nothing else.
[[nodiscard]] bool is_plain_cbor_map(std::span<const std::uint8_t> bytes);

}  // namespace stepup::factor
