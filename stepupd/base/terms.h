// SPDX-License-Identifier: ISC
// The vocabulary that every folder shares (glossary: SP 800-63B, RFC 9470).
#pragma once

#include <sys/types.h>

#include <cstdint>
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
};

// The level that one verification of `factor` proves at the least: a security key that verified its
// user proves TouchWithUv.
constexpr Level level_of(FactorKind factor) noexcept {
  switch (factor) {
    case FactorKind::Totp:
    case FactorKind::RecoveryCode:
    case FactorKind::Hotp:
    case FactorKind::YubicoOtp: return Level::Otp;
    case FactorKind::Fido2: return Level::Touch;
  }
  return Level::None;
}

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
  }
  return "?";
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
