// SPDX-License-Identifier: ISC
// The host's tz database, in /usr/share/zoneinfo (package tzdata).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "stepupd/policy/time_zone.h"

namespace stepup::rules {

// Reads each zone once.
class ZoneFiles {
 public:
  // The zone of that name, which must hold no dot; nullptr for none, and for one that cannot be
  // read.
  [[nodiscard]] std::shared_ptr<const policy::TimeZone> zone(const std::string& name);

 private:
  std::map<std::string, std::shared_ptr<const policy::TimeZone>> zones_;
};

}  // namespace stepup::rules
