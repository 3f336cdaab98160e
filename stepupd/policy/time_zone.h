// SPDX-License-Identifier: ISC
// How far the clocks of a place are ahead of UTC: a file of the tz database.  Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "stepupd/policy/zone_rule.h"

namespace stepup::policy {

class TimeZone {
 public:
  // Input is untrusted.  Reads a file in TZif format (RFC 8536) of version 2 or later; nothing for
  // any other text, and for one that counts leap seconds, which Unix time does not.
  [[nodiscard]] static std::optional<TimeZone> parse(std::string_view tzif);

  // At that moment, summer time included.
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds when) const noexcept;

 private:
  struct Change {
    std::chrono::sys_seconds when;
    std::chrono::seconds offset;  // from then on
  };
  std::chrono::seconds first_{};  // before the first change
  std::vector<Change> changes_;   // in order
  std::optional<ZoneRule> rule_;  // after the last one
};

}  // namespace stepup::policy
