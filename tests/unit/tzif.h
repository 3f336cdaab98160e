// SPDX-License-Identifier: ISC
// Files of time zones (RFC 8536), made by hand.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace stepup {

inline std::string network_order(std::int64_t number, int size) {
  std::string bytes;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift));
  }
  return bytes;
}

// `changes`: when, and which of the `offsets` in seconds holds from then on.
inline std::string tzif(const std::vector<std::pair<std::int64_t, char>>& changes,
                        const std::vector<std::int64_t>& offsets, const std::string& rule,
                        int leap_seconds = 0) {
  const auto header = [](std::size_t leaps, std::size_t times, std::size_t types) {
    std::string bytes = "TZif2" + std::string(15 + 8, '\0');
    for (const std::size_t count : {leaps, times, types, types > 0 ? std::size_t{1} : 0}) {
      bytes += network_order(static_cast<std::int64_t>(count), 4);
    }
    return bytes;
  };
  std::string file = header(0, 0, 0);
  file += header(static_cast<std::size_t>(leap_seconds), changes.size(), offsets.size());
  for (const auto& [when, type] : changes) file += network_order(when, 8);
  for (const auto& [when, type] : changes) file += type;
  for (const std::int64_t offset : offsets) {
    file.append(network_order(offset, 4)).append(2, '\0');
  }
  file.append(1, '\0').append(static_cast<std::size_t>(leap_seconds) * 12, '\0');
  return file + '\n' + rule + '\n';
}

inline std::string tzif_of_rule(const std::string& rule) { return tzif({}, {0}, rule); }

}  // namespace stepup
