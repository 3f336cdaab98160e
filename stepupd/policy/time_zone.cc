// SPDX-License-Identifier: ISC
#include "stepupd/policy/time_zone.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace stepup::policy {
namespace {

// The next `bytes` (at most 8), which must be there, as a signed number in network order.
std::int64_t take_number(std::string_view& bytes, std::size_t size) {
  std::uint64_t number = static_cast<signed char>(bytes.front()) < 0 ? ~std::uint64_t{0} : 0;
  for (const char byte : bytes.substr(0, size)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  bytes.remove_prefix(size);
  return static_cast<std::int64_t>(number);
}

// RFC 8536 section 3.1, in its order.
struct Header {
  char version = 0;
  std::size_t utc_indicators = 0, standard_indicators = 0, leap_seconds = 0, changes = 0, types = 0,
              abbreviations = 0;

  static std::optional<Header> take(std::string_view& bytes) {
    constexpr std::size_t kSize = 44, kReserved = 15;
    constexpr std::int64_t kMost = 100'000;
    if (bytes.size() < kSize || !bytes.starts_with("TZif")) return std::nullopt;
    Header header{.version = bytes[4]};
    bytes.remove_prefix(5 + kReserved);
    for (std::size_t* count :
         {&header.utc_indicators, &header.standard_indicators, &header.leap_seconds,
          &header.changes, &header.types, &header.abbreviations}) {
      const std::int64_t number = take_number(bytes, 4);
      if (number < 0 || number > kMost) return std::nullopt;
      *count = static_cast<std::size_t>(number);
    }
    return header;
  }

  // Of the data that follows, in which a time takes that many bytes.
  [[nodiscard]] std::size_t data_size(std::size_t time_size) const noexcept {
    return changes * (time_size + 1) + types * kTypeSize + abbreviations +
           leap_seconds * (time_size + 4) + standard_indicators + utc_indicators;
  }
  static constexpr std::size_t kTypeSize = 6;  // offset, whether it is summer time, abbreviation
};

}  // namespace

std::optional<TimeZone> TimeZone::parse(std::string_view tzif) {
  // First comes what readers of version 1 know, with times of 32 bits.
  const auto old = Header::take(tzif);
  if (!old || old->version < '2' || tzif.size() < old->data_size(4)) return std::nullopt;
  tzif.remove_prefix(old->data_size(4));
  const auto header = Header::take(tzif);
  if (!header || header->types == 0 || header->leap_seconds != 0 ||
      tzif.size() < header->data_size(8)) {
    return std::nullopt;
  }
  std::string_view times = tzif.substr(0, header->changes * 8);
  const std::string_view type_of = tzif.substr(times.size(), header->changes);
  const std::string_view types = tzif.substr(times.size() + type_of.size());
  const auto offset = [&](std::size_t type) {
    std::string_view bytes = types.substr(type * Header::kTypeSize);
    return std::chrono::seconds(take_number(bytes, 4));
  };

  TimeZone zone;
  zone.first_ = offset(0);
  for (const char type : type_of) {
    const Change change{std::chrono::sys_seconds(std::chrono::seconds(take_number(times, 8))),
                        std::chrono::seconds()};
    const auto index = static_cast<unsigned char>(type);
    if (index >= header->types ||
        (!zone.changes_.empty() && change.when <= zone.changes_.back().when)) {
      return std::nullopt;
    }
    zone.changes_.push_back({change.when, offset(index)});
  }

  const std::string_view footer = tzif.substr(header->data_size(8));
  if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return std::nullopt;
  if (const std::string_view rule = footer.substr(1, footer.size() - 2); !rule.empty()) {
    zone.rule_ = ZoneRule::parse(rule);
    if (!zone.rule_) return std::nullopt;
  }
  return zone;
}

std::chrono::seconds TimeZone::offset_at(std::chrono::sys_seconds when) const noexcept {
  const auto next = std::ranges::upper_bound(changes_, when, {}, &Change::when);
  if (next == changes_.end() && rule_) return rule_->offset_at(when);
  return next == changes_.begin() ? first_ : std::prev(next)->offset;
}

}  // namespace stepup::policy
