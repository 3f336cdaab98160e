// SPDX-License-Identifier: ISC
// What messages of control.sock share: limits, and how the words of stepup are sent.
#pragma once

#include <cstddef>
#include <cstdint>

#include "stepupd/base/coordinates.h"
#include "stepupd/base/terms.h"
#include "stepupd/wire/messages.h"

namespace stepup::wire {

inline constexpr std::size_t kMaxLabel = 64;
inline constexpr std::size_t kMaxRows = 256;

template <>
struct WireRange<Level> {
  static constexpr std::uint64_t kLowest = 0, kHighest = 3;
};
template <>
struct WireRange<Scope> {
  static constexpr std::uint64_t kLowest = 0, kHighest = 2;
};
template <>
struct WireRange<FactorKind> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 6;
};
template <>
struct WireRange<SessionKey::Kind> {
  static constexpr std::uint64_t kLowest = 0, kHighest = 3;
};

template <typename Archive, typename Key>
void session_key(Key& key, Archive& a) {
  a.choice(key.kind);
  a.number(key.id);
}

}  // namespace stepup::wire
