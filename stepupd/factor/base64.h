// SPDX-License-Identifier: ISC
// Bytes as people copy them from one tool to another.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace stepup::factor {

// Input is untrusted: what somebody pasted.  The bytes that `text` spells in base 64 of RFC 4648,
// section 4 or 5 (for URLs), with or without padding, over any number of lines.  Nothing for any
// other sign, for a number of signs that no bytes have, and for an empty text.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> read_base64(std::string_view text);

}  // namespace stepup::factor
