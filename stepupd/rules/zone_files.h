// SPDX-License-Identifier: ISC
// The host's tz database, in /usr/share/zoneinfo (package tzdata).
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "stepupd/policy/time_zone.h"
#include "stepupd/policy/week_time.h"

namespace stepup::rules {

// Reads each zone once.
class ZoneFiles {
 public:
  explicit ZoneFiles(policy::MissingZone missing = policy::MissingZone::IsAnError) noexcept
      : missing_(missing) {}

  // The zone of that name, which must hold no dot; nullptr for none, and for one that cannot be
  // read.
  [[nodiscard]] std::shared_ptr<const policy::TimeZone> zone(const std::string& name);

  // policy::parse_time_window() with these zones.
  [[nodiscard]] std::expected<policy::TimeWindow, std::string> time_window(std::string_view text);

 private:
  policy::MissingZone missing_;
  std::map<std::string, std::shared_ptr<const policy::TimeZone>> zones_;
};

}  // namespace stepup::rules
