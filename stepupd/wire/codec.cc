// SPDX-License-Identifier: ISC
#include "stepupd/wire/codec.h"

#include <algorithm>

namespace stepup::wire {

SecretBytes Encoder::take() {
  buffer_.shrink(used_);
  return std::move(buffer_);
}

// Whether `size` more bytes fit into a packet; there is room for them then.
bool Encoder::make_room(std::size_t size) {
  if (!ok_ || size > kMaxPacket - used_) return ok_ = false;
  if (size <= buffer_.size() - used_) return true;
  SecretBytes larger(std::min(std::max(2 * buffer_.size(), used_ + size), kMaxPacket));
  std::ranges::copy(buffer_.view().first(used_), larger.bytes().begin());
  buffer_ = std::move(larger);
  return true;
}

bool Encoder::put(std::uint64_t value, int width) {
  if (!make_room(static_cast<std::size_t>(width))) return false;
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
    buffer_.bytes()[used_++] = static_cast<std::uint8_t>(value >> shift);
  }
  return true;
}

bool Encoder::put_bytes(std::span<const std::uint8_t> bytes, std::size_t limit) {
  if (bytes.size() > limit) return ok_ = false;
  if (!put(bytes.size(), 4) || !make_room(bytes.size())) return false;
  std::ranges::copy(bytes, buffer_.bytes().subspan(used_).begin());
  used_ += bytes.size();
  return true;
}

bool Decoder::text(std::string& v, std::size_t limit) {
  const auto bytes = get_bytes(limit);
  v.assign(bytes.begin(), bytes.end());
  // A C library on the other side would stop at the NUL and see another text than we do.
  if (v.find('\0') != std::string::npos) ok_ = false;
  return ok_;
}

bool Decoder::secret(SecretBytes& v, std::size_t limit) {
  v = SecretBytes(get_bytes(limit));
  return ok_;
}

bool Decoder::bytes(std::vector<std::uint8_t>& v, std::size_t limit) {
  const auto bytes = get_bytes(limit);
  v.assign(bytes.begin(), bytes.end());
  return ok_;
}

std::uint64_t Decoder::get(std::size_t width) {
  if (!ok_ || rest_.size() < width) {
    ok_ = false;
    return 0;
  }
  std::uint64_t value = 0;
  for (const std::uint8_t byte : rest_.first(width)) value = value << 8 | byte;
  rest_ = rest_.subspan(width);
  return value;
}

std::span<const std::uint8_t> Decoder::get_bytes(std::size_t limit) {
  const std::uint64_t size = get(4);
  if (!ok_ || size > limit || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const auto bytes = rest_.first(size);
  rest_ = rest_.subspan(size);
  return bytes;
}

}  // namespace stepup::wire
