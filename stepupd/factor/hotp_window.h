// SPDX-License-Identifier: ISC
// HOTP authenticators (RFC 4226): codes that count how often the device was pressed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/factor/hotp.h"
#include "stepupd/factor/judgement.h"

namespace stepup::factor {

// How many codes may have been shown and not typed (RFC 4226 section 7.4).  Each one more is one
// more code that a guess may hit.
inline constexpr std::uint64_t kHotpLookAhead = 10;
// How far ahead the first of two consecutive codes may be.
inline constexpr std::uint64_t kHotpResyncReach = 100;
// The last counter: the database keeps them in 63 bits.  After it the authenticator is worn out.
inline constexpr std::uint64_t kHotpLastCounter = 0x7fff'ffff'ffff'ffff;

// Where the authenticator is known to stand.
struct HotpState {
  std::optional<std::uint64_t> last;     // counter of the last accepted code; it and all before are
                                         // dead
  std::optional<std::uint64_t> pending;  // counter of the answer before this one, when NextWanted
};

// Input is untrusted: `typed` is what a person typed.  A code up to kHotpLookAhead beyond the one
// expected is Accepted.  One up to kHotpResyncReach beyond it is NextWanted, and the caller must
// remember its counter as pending, for the next answer alone.  Accepted means nothing until the
// caller has made its counter durable as the new `last`.  Fails as hotp() does.
[[nodiscard]] Result<OtpJudgement> judge_hotp(HashAlgorithm algorithm, int digits,
                                              const SecretBytes& key, std::string_view typed,
                                              const HotpState& state);

}  // namespace stepup::factor
