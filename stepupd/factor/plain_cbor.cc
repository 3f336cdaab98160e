// SPDX-License-Identifier: ISC
#include "stepupd/factor/plain_cbor.h"

#include <algorithm>
#include <array>

namespace stepup::factor {
namespace {

constexpr unsigned kMaxLevels = 4;     // CTAP 2.1 section 8
constexpr std::size_t kMaxPairs = 16;  // the largest map that is expected has four

// The major types of RFC 8949 section 3.1.
enum Major : std::uint8_t { Unsigned, Negative, Bytes, Text, Array, Map, Tag, Simple };

Major major_of(std::uint8_t first) noexcept { return static_cast<Major>(first >> 5); }

// Walks over items from the front of `left`.
class Walker {
 public:
  explicit Walker(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }

  // Passes one item; false when it is not plain, and then nothing more may be asked.
  bool pass(unsigned levels);  // NOLINT(misc-no-recursion): as deep as kMaxLevels

 private:
  std::optional<std::uint64_t> take_argument(std::uint8_t additional);
  bool pass_map(std::uint64_t pairs, unsigned levels);

  std::span<const std::uint8_t> left_;
};

// What the low five bits of an item's first byte, or the bytes after it, say: nothing unless that
// is the shortest form (RFC 8949 section 4.2.1).
std::optional<std::uint64_t> Walker::take_argument(std::uint8_t additional) {
  if (additional < 24) return additional;
  if (additional > 27) return {};  // reserved, or of indefinite length
  const std::size_t size = std::size_t{1} << (additional - 24);
  if (left_.size() < size) return {};
  std::uint64_t value = 0;
  for (const std::uint8_t byte : left_.first(size)) value = value << 8 | byte;
  left_ = left_.subspan(size);
  constexpr std::array<std::uint64_t, 4> kLeast = {24, 0x100, 0x1'0000, 0x1'0000'0000};
  if (value < kLeast[additional - 24]) return {};
  return value;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as kMaxLevels
bool Walker::pass_map(std::uint64_t pairs, unsigned levels) {
  if (pairs > kMaxPairs) return false;
  std::array<std::span<const std::uint8_t>, kMaxPairs> keys;
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::span<const std::uint8_t> before = left_;
    if (!pass(levels)) return false;
    keys[i] = before.first(before.size() - left_.size());
    const auto same = [&](const auto& other) { return std::ranges::equal(other, keys[i]); };
    if (std::ranges::any_of(std::span(keys).first(i), same)) return false;
    if (!pass(levels)) return false;
  }
  return true;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as kMaxLevels
bool Walker::pass(unsigned levels) {
  if (left_.empty()) return false;
  const std::uint8_t first = left_.front();
  left_ = left_.subspan(1);
  if (major_of(first) == Simple) return first >= 0xf4 && first <= 0xf6;  // false, true, null
  const auto argument = take_argument(first & 0x1f);
  if (!argument) return false;
  switch (major_of(first)) {
    case Unsigned:
    case Negative: return true;
    case Bytes:
    case Text:
      if (*argument > left_.size()) return false;
      left_ = left_.subspan(static_cast<std::size_t>(*argument));
      return true;
    case Array:
      if (levels == 0) return false;
      for (std::uint64_t i = 0; i < *argument; ++i) {
        if (!pass(levels - 1)) return false;
      }
      return true;
    case Map: return levels > 0 && pass_map(*argument, levels - 1);
    case Tag:
    case Simple: return false;
  }
  return false;
}

}  // namespace

std::optional<std::size_t> plain_cbor_size(std::span<const std::uint8_t> bytes) {
  Walker walker(bytes);
  if (!walker.pass(kMaxLevels)) return {};
  return bytes.size() - walker.left();
}

bool is_plain_cbor_map(std::span<const std::uint8_t> bytes) {
  return plain_cbor_size(bytes) == bytes.size() && major_of(bytes.front()) == Map;
}

}  // namespace stepup::factor
