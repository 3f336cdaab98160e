// SPDX-License-Identifier: ISC
// Canonical encoding (PROTOCOL.md, "Encoding"): big-endian, length-prefixed, fixed field order, one
// byte string for each meaning.  A message states its fields once, in a static `fields` template
// that both Encoder and Decoder walk, so that the two can never differ.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"

namespace stepup::wire {

inline constexpr std::size_t kMaxPacket = 64 * 1024;

// An enum that may travel names its highest value with this overload; its lowest is 1 unless
// kLowest says 0.  The decoder refuses everything outside.
template <typename E>
struct WireRange;

// Appends fields to a buffer.  Overrunning kMaxPacket or a field's own limit makes ok() false.
class Encoder {
 public:
  static constexpr bool kDecoding = false;

  bool number(std::uint8_t v) { return put(v, 1); }
  bool number(std::uint16_t v) { return put(v, 2); }
  bool number(std::uint32_t v) { return put(v, 4); }
  bool number(std::uint64_t v) { return put(v, 8); }
  bool number(std::int64_t v) { return put(static_cast<std::uint64_t>(v), 8); }
  bool flag(bool v) { return put(v ? 1 : 0, 1); }
  template <typename E>
  bool choice(E v) {
    return put(static_cast<std::uint64_t>(v), 1);
  }
  bool text(const std::string& v, std::size_t limit) {
    if (v.find('\0') != std::string::npos) return ok_ = false;  // no decoder would take it
    return put_bytes({reinterpret_cast<const std::uint8_t*>(v.data()), v.size()}, limit);
  }
  bool secret(const SecretBytes& v, std::size_t limit) { return put_bytes(v.view(), limit); }
  bool bytes(const std::vector<std::uint8_t>& v, std::size_t limit) { return put_bytes(v, limit); }
  template <typename T, typename EachElement>
  bool list(const std::vector<T>& v, std::size_t limit, EachElement each) {
    if (v.size() > limit) return ok_ = false;
    put(v.size(), 4);
    for (const T& element : v) each(element, *this);
    return ok_;
  }
  template <typename T, typename OnValue>
  bool maybe(const std::optional<T>& v, OnValue on_value) {
    flag(v.has_value());
    if (v) on_value(*v, *this);
    return ok_;
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  // The bytes so far; wiped when dropped, since an Answer carries a code.
  [[nodiscard]] SecretBytes take();

  Encoder() : buffer_(kUsualSize) {}

 private:
  static constexpr std::size_t kUsualSize = 512;

  bool make_room(std::size_t size);
  bool put(std::uint64_t value, int width);
  bool put_bytes(std::span<const std::uint8_t> bytes, std::size_t limit);

  SecretBytes buffer_;  // replaced by a larger one when it is full, so no unwiped copy is left
  std::size_t used_ = 0;
  bool ok_ = true;
};

// Input is untrusted.  Reads fields; the first field that breaks the format makes ok() false and
// every later read a no-op.  Bounds are checked before anything is allocated.
class Decoder {
 public:
  static constexpr bool kDecoding = true;

  explicit Decoder(std::span<const std::uint8_t> input) : rest_(input) {}

  template <typename Int>
    requires std::is_integral_v<Int>
  bool number(Int& v) {
    v = static_cast<Int>(get(sizeof(Int)));
    return ok_;
  }
  bool flag(bool& v) {
    const std::uint64_t raw = get(1);
    if (raw > 1) ok_ = false;
    v = ok_ && raw == 1;
    return ok_;
  }
  template <typename E>
  bool choice(E& v) {
    const std::uint64_t raw = get(1);
    if (raw < WireRange<E>::kLowest || raw > WireRange<E>::kHighest) return ok_ = false;
    v = static_cast<E>(raw);
    return ok_;
  }
  bool text(std::string& v, std::size_t limit);
  bool secret(SecretBytes& v, std::size_t limit);
  bool bytes(std::vector<std::uint8_t>& v, std::size_t limit);
  template <typename T, typename EachElement>
  bool list(std::vector<T>& v, std::size_t limit, EachElement each) {
    const std::uint64_t count = get(4);
    // Each element takes at least one byte, so a count beyond the rest cannot be honest.
    if (count > limit || count > rest_.size()) return ok_ = false;
    v.resize(ok_ ? count : 0);
    for (T& element : v) {
      if (!ok_) break;
      each(element, *this);
    }
    return ok_;
  }
  template <typename T, typename OnValue>
  bool maybe(std::optional<T>& v, OnValue on_value) {
    bool present = false;
    if (!flag(present)) return false;
    if (present) {
      on_value(v.emplace(), *this);
    } else {
      v.reset();
    }
    return ok_;
  }

  // Marks the input as malformed: for a field whose values are not a range.
  void refuse() noexcept { ok_ = false; }

  // True when every field was well formed and no byte is left over.
  [[nodiscard]] bool finished() const noexcept { return ok_ && rest_.empty(); }

 private:
  std::uint64_t get(std::size_t width);
  std::span<const std::uint8_t> get_bytes(std::size_t limit);

  std::span<const std::uint8_t> rest_;
  bool ok_ = true;
};

}  // namespace stepup::wire
