// SPDX-License-Identifier: ISC
// Secrets as hexadecimal digits, in which the tools of YubiKeys take and give them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "stepupd/base/secret_bytes.h"

namespace stepup::factor {

// Two lower-case digits for each byte.
[[nodiscard]] SecretBytes hex(std::span<const std::uint8_t> bytes);

// Input is untrusted: what a person typed.  Returns the `size` bytes that it spells, in either case
// and with spaces anywhere; nothing when there are more or fewer digits, or another sign.
[[nodiscard]] std::optional<SecretBytes> read_hex(std::string_view typed, std::size_t size);

}  // namespace stepup::factor
