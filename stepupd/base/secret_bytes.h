// SPDX-License-Identifier: ISC
// Bytes that must not outlive their use: codes, keys, tickets.
#pragma once

#include <string.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace stepup {

// A move-only buffer that is overwritten before its memory is given back, so that neither a core
// file nor a later allocation shows what was in it.  It never grows in place: a growing vector
// would leave an unwiped copy behind.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  explicit SecretBytes(std::span<const std::uint8_t> source)
      : bytes_(source.begin(), source.end()) {}
  explicit SecretBytes(std::string_view source) : bytes_(source.begin(), source.end()) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    wipe();
    bytes_ = std::move(other.bytes_);
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(); }

  [[nodiscard]] SecretBytes copy() const { return SecretBytes(view()); }
  [[nodiscard]] std::span<const std::uint8_t> view() const noexcept { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t> bytes() noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

  // The same bytes as text; valid while this object lives and is not shrunk.
  [[nodiscard]] std::string_view text() const noexcept {
    // SAFETY: any object may be read as char; the pointer is null only for an empty view.
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  // Keeps the first `size` bytes and overwrites the rest.  Requires size <= this->size().
  void shrink(std::size_t size) noexcept {
    explicit_bzero(bytes_.data() + size, bytes_.size() - size);
    bytes_.resize(size);
  }

 private:
  void wipe() noexcept {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
    bytes_.clear();
  }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace stepup
