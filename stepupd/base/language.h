// SPDX-License-Identifier: ISC
// The language of the sentences for people.
#pragma once

#include <cstdint>

namespace stepup {

enum class Language : std::uint8_t { English = 1, German = 2, French = 3 };

// As stepupd.conf and the module's option write it.
constexpr const char* to_string(Language language) noexcept {
  switch (language) {
    case Language::English: return "en";
    case Language::German: return "de";
    case Language::French: return "fr";
  }
  return "?";
}

}  // namespace stepup
