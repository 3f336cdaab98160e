// SPDX-License-Identifier: ISC
// The data types of SSH (RFC 4251 section 5), of which keys, signatures and the messages of agents
// are made.  For the sources of this folder alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace stepup::factor {

// Takes fields from the front of untrusted bytes and reserves nothing.  A field that is not there
// is zero or empty, and so is every one after it; whole() tells in the end.
class SshReader {
 public:
  explicit SshReader(std::span<const std::uint8_t> bytes) noexcept : left_(bytes) {}

  std::uint8_t byte() noexcept { return static_cast<std::uint8_t>(big_endian(take(1))); }
  std::uint32_t number() noexcept { return big_endian(take(4)); }
  std::span<const std::uint8_t> string() noexcept { return take(number()); }
  std::string_view text() noexcept {
    const auto bytes = string();
    // SAFETY: any object may be read as char.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  // Whether a field was not there.
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  // Whether every field was there, and nothing is left over.
  [[nodiscard]] bool whole() const noexcept { return !failed_ && left_.empty(); }

 private:
  std::span<const std::uint8_t> take(std::size_t size) noexcept {
    failed_ = failed_ || size > left_.size();
    if (failed_) return {};
    const auto taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  static std::uint32_t big_endian(std::span<const std::uint8_t> bytes) noexcept {
    std::uint32_t number = 0;
    for (const std::uint8_t byte : bytes) number = number << 8 | byte;
    return number;
  }

  std::span<const std::uint8_t> left_;
  bool failed_ = false;
};

// Appends fields.
class SshWriter {
 public:
  SshWriter& byte(std::uint8_t value) {
    bytes_.push_back(value);
    return *this;
  }
  SshWriter& number(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
    }
    return *this;
  }
  // Without its length.
  SshWriter& raw(std::span<const std::uint8_t> value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  SshWriter& string(std::span<const std::uint8_t> value) {
    return number(static_cast<std::uint32_t>(value.size())).raw(value);
  }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const noexcept { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace stepup::factor
