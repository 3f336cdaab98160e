// SPDX-License-Identifier: ISC
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace stepup::factor {

// The bytes of `text`.
inline std::span<const std::uint8_t> bytes_of(std::string_view text) noexcept {
  // SAFETY: any object may be read as unsigned char.
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace stepup::factor
