// SPDX-License-Identifier: ISC
#include "stepupd/wire/words.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "stepupd/base/printable.h"
#include "stepupd/wire/languages.h"

namespace stepup::wire {
namespace {

std::string_view pattern_of(Language language, MessageId id) noexcept {
  switch (language) {
    case Language::English: return english(id);
    case Language::German: return german(id);
    case Language::French: return french(id);
  }
  return english(id);
}

struct Unit {
  std::string_view one, more;
};
struct TimeUnits {
  Unit minute, second;
};

constexpr TimeUnits units_of(Language language) noexcept {
  switch (language) {
    case Language::English: break;
    case Language::German:
      return {
          {"Minute",  "Minuten" },
          {"Sekunde", "Sekunden"}
      };
    case Language::French:
      return {
          {"minute",  "minutes" },
          {"seconde", "secondes"}
      };
  }
  return {
      {"minute", "minutes"},
      {"second", "seconds"}
  };
}

std::string counted(std::uint32_t count, const Unit& unit) {
  return std::to_string(count) + " " + std::string(count == 1 ? unit.one : unit.more);
}

// "3 minutes 20 seconds".  What is no number stays as it is.
std::string duration(Language language, const std::string& seconds_text) {
  std::uint32_t seconds = 0;
  const char* end = seconds_text.data() + seconds_text.size();
  const auto [stopped, error] = std::from_chars(seconds_text.data(), end, seconds);
  if (error != std::errc() || stopped != end) return printable(seconds_text);
  const TimeUnits units = units_of(language);
  std::string text;
  if (seconds >= 60) text = counted(seconds / 60, units.minute);
  if (seconds % 60 != 0 || text.empty()) {
    text += (text.empty() ? "" : " ") + counted(seconds % 60, units.second);
  }
  return text;
}

}  // namespace

std::string sentence(const Words& message) {
  std::string_view pattern = pattern_of(message.language, message.id);
  std::string out;
  while (!pattern.empty()) {
    const std::size_t open = std::min(pattern.find('{'), pattern.size());
    out.append(pattern.substr(0, open));
    pattern.remove_prefix(open);
    if (pattern.empty()) break;
    const auto index = static_cast<std::size_t>(pattern[1] - '0');
    if (index < message.args.size()) {
      const std::string& arg = message.args[index];
      switch (pattern[2]) {
        case 't': out.append(duration(message.language, arg)); break;
        case 'w': out.append(readable(arg)); break;
        default: out.append(printable(arg));
      }
    }
    pattern.remove_prefix(pattern.find('}') + 1);
  }
  return out;
}

}  // namespace stepup::wire
