// SPDX-License-Identifier: ISC
// TOTP (RFC 6238): codes that count time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/factor/hotp.h"
#include "stepupd/factor/judgement.h"

namespace stepup::factor {

struct TotpParameters {
  HashAlgorithm algorithm = HashAlgorithm::Sha1;
  int digits = 6;
  std::chrono::seconds period{30};
  bool operator==(const TotpParameters&) const = default;
};

// Steps before and after now's whose code is accepted: a clock 30 s off, or a code that was typed
// slowly (RFC 6238 section 5.2).  Each step more is one more code that a guess may hit.
inline constexpr std::uint64_t kTotpWindow = 1;

// When this program was made: 2026-11-01.  A clock that shows less was never set (no battery, no
// network yet), so codes of that time would be those that an attacker computed or saw long ago.
inline constexpr std::int64_t kEarliestPlausibleTime = 1'793'491'200;

// The time step of RFC 6238 section 4.2 with T0 = 0.  Requires seconds >= 0 and a period above 0.
[[nodiscard]] constexpr std::uint64_t totp_step(const TotpParameters& parameters,
                                                std::int64_t unix_seconds) noexcept {
  return static_cast<std::uint64_t>(unix_seconds / parameters.period.count());
}

// Input is untrusted: `typed` is what a person typed.  Judges it at `unix_seconds`.  A step up to
// `last_step` is dead, used or not, so that codes cannot be replayed in any order.  Accepted means
// nothing until the caller has made its step durable as the new last_step.  Fails as hotp() does.
[[nodiscard]] Result<OtpJudgement> judge_totp(const TotpParameters& parameters,
                                              const SecretBytes& key, std::string_view typed,
                                              std::int64_t unix_seconds,
                                              std::optional<std::uint64_t> last_step);

}  // namespace stepup::factor
