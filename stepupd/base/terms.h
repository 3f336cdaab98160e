// SPDX-License-Identifier: ISC
// The vocabulary that every folder shares (glossary: SP 800-63B, RFC 9470).
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace stepup {

// Strength of evidence, ordered: None < Otp < Touch < TouchWithUv (RFC 9470 acr).
enum class Level : std::uint8_t { None, Otp, Touch, TouchWithUv };

// How far a grant reaches, ordered from the widest to the narrowest.
enum class Scope : std::uint8_t { Session, Tty, Process };

enum class FactorKind : std::uint8_t {
  Totp = 1,
  RecoveryCode = 2,
  Hotp = 3,
  YubicoOtp = 4,
  Fido2 = 5,
  SshSk = 6,  // a security key at the far end of an ssh agent
};

// The level that one verification of `factor` proves at the least: a security key that verified its
// user proves TouchWithUv.
constexpr Level level_of(FactorKind factor) noexcept {
  switch (factor) {
    case FactorKind::Totp:
    case FactorKind::RecoveryCode:
    case FactorKind::Hotp:
    case FactorKind::YubicoOtp: return Level::Otp;
    case FactorKind::Fido2:
    case FactorKind::SshSk: return Level::Touch;
  }
  return Level::None;
}

inline constexpr std::array kFactorKinds = {FactorKind::Totp,  FactorKind::RecoveryCode,
                                            FactorKind::Hotp,  FactorKind::YubicoOtp,
                                            FactorKind::Fido2, FactorKind::SshSk};

// The highest level that `factor` can prove.
constexpr Level highest_of(FactorKind factor) noexcept {
  const bool is_key = factor == FactorKind::Fido2 || factor == FactorKind::SshSk;
  return is_key ? Level::TouchWithUv : level_of(factor);
}

// Which factors count.
class FactorSet {
 public:
  constexpr FactorSet() = default;
  constexpr FactorSet(std::initializer_list<FactorKind> kinds) noexcept {
    for (const FactorKind kind : kinds) bits_ |= bit(kind);
  }
  static constexpr FactorSet all() noexcept {
    FactorSet set;
    for (const FactorKind kind : kFactorKinds) set.bits_ |= bit(kind);
    return set;
  }
  constexpr void add(FactorKind kind) noexcept { bits_ |= bit(kind); }
  [[nodiscard]] constexpr bool has(FactorKind kind) const noexcept {
    return (bits_ & bit(kind)) != 0;
  }
  // Whether one of them can prove `level`.
  [[nodiscard]] constexpr bool reaches(Level level) const noexcept {
    for (const FactorKind kind : kFactorKinds) {
      if (has(kind) && highest_of(kind) >= level) return true;
    }
    return false;
  }
  constexpr FactorSet operator&(FactorSet other) const noexcept {
    other.bits_ &= bits_;
    return other;
  }
  bool operator==(const FactorSet&) const = default;

 private:
  static constexpr std::uint32_t bit(FactorKind kind) noexcept {
    return 1U << static_cast<unsigned>(kind);
  }
  std::uint32_t bits_ = 0;
};

// The conf file's, the journal's and the man pages' word for each value.
constexpr const char* to_string(Level level) noexcept {
  switch (level) {
    case Level::None: return "none";
    case Level::Otp: return "otp";
    case Level::Touch: return "touch";
    case Level::TouchWithUv: return "touch+uv";
  }
  return "?";
}
constexpr const char* to_string(Scope scope) noexcept {
  switch (scope) {
    case Scope::Session: return "session";
    case Scope::Tty: return "tty";
    case Scope::Process: return "process";
  }
  return "?";
}
constexpr const char* to_string(FactorKind factor) noexcept {
  switch (factor) {
    case FactorKind::Totp: return "totp";
    case FactorKind::RecoveryCode: return "recovery_code";
    case FactorKind::Hotp: return "hotp";
    case FactorKind::YubicoOtp: return "yubico_otp";
    case FactorKind::Fido2: return "fido2";
    case FactorKind::SshSk: return "ssh_sk";
  }
  return "?";
}

// "totp, fido2"; empty for none.
inline std::string to_string(FactorSet factors) {
  std::string text;
  for (const FactorKind kind : kFactorKinds) {
    if (!factors.has(kind)) continue;
    text.append(text.empty() ? "" : ", ").append(to_string(kind));
  }
  return text;
}

inline constexpr uid_t kNoUid = static_cast<uid_t>(-1);

// Whose factor is asked for.  Credentials belong to uid and name together, because a uid may be
// given to somebody else after its owner has left.
struct Subject {
  uid_t uid = kNoUid;
  std::string name;
  bool operator==(const Subject&) const = default;
};

}  // namespace stepup
