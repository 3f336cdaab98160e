// SPDX-License-Identifier: ISC
// What becomes of a condition.
#pragma once

#include <cstdint>

namespace stepup::policy {

// Ordered so that the strongest answer among alternatives is their maximum.
enum class Holds : std::uint8_t { No, Unknown, Yes };

constexpr Holds yes_or_no(bool holds) noexcept { return holds ? Holds::Yes : Holds::No; }

constexpr const char* to_string(Holds holds) noexcept {
  switch (holds) {
    case Holds::No: return "no";
    case Holds::Unknown: return "unknown";
    case Holds::Yes: return "yes";
  }
  return "?";
}

}  // namespace stepup::policy
