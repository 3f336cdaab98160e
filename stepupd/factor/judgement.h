// SPDX-License-Identifier: ISC
// What a verifier says of a typed code.
#pragma once

#include <cstdint>

namespace stepup::factor {

enum class OtpVerdict : std::uint8_t {
  Accepted,    // the code of `position`, which is after the last accepted one
  Replayed,    // the code of a position that is dead
  NextWanted,  // of a counter too far ahead: counts only if the next answer is the code of the
               // counter after `position`
  Wrong,       // of no position that may count
  ClockImplausible,  // not looked at: before this build, or the clock was set back past a step that
                     // was accepted already
};

// Where a code stands in its authenticator's row of codes: the time step of TOTP, the counter of
// HOTP, both counters of a YubiKey in one number.  One that was accepted is dead, as is every one
// before it.
struct OtpJudgement {
  OtpVerdict verdict = OtpVerdict::Wrong;
  std::uint64_t position = 0;  // when Accepted or NextWanted
};

}  // namespace stepup::factor
