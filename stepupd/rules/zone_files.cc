// SPDX-License-Identifier: ISC
#include "stepupd/rules/zone_files.h"

#include <fcntl.h>

#include <cstddef>

#include "stepupd/base/small_file.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::rules {
namespace {

constexpr std::size_t kMaxZoneSize = 65536;  // the largest of today's has 4 KiB

std::shared_ptr<const policy::TimeZone> read_zone(const std::string& name) {
  // A name may be a symbolic link to another.
  const UniqueFd file(::open(("/usr/share/zoneinfo/" + name).c_str(),
                             O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return nullptr;
  const auto bytes = read_all(file.get(), kMaxZoneSize);
  if (!bytes) return nullptr;
  const auto zone = policy::TimeZone::parse(*bytes);
  return zone ? std::make_shared<const policy::TimeZone>(*zone) : nullptr;
}

}  // namespace

std::shared_ptr<const policy::TimeZone> ZoneFiles::zone(const std::string& name) {
  const auto [found, is_new] = zones_.try_emplace(name);
  if (is_new) found->second = read_zone(name);
  return found->second;
}

std::expected<policy::TimeWindow, std::string> ZoneFiles::time_window(std::string_view text) {
  return policy::parse_time_window(
      text, [this](const std::string& name) { return zone(name); }, missing_);
}

}  // namespace stepup::rules
