// SPDX-License-Identifier: ISC
#include "stepupd/factor/totp.h"

#include "stepupd/factor/bytes_of.h"
#include "stepupd/factor/digest.h"

namespace stepup::factor {

Result<OtpJudgement> judge_totp(const TotpParameters& parameters, const SecretBytes& key,
                                std::string_view typed, std::int64_t unix_seconds,
                                std::optional<std::uint64_t> last_step) {
  if (parameters.period.count() <= 0) return failure(Errc::Malformed, "TOTP period");
  if (unix_seconds < kEarliestPlausibleTime) return OtpJudgement{OtpVerdict::ClockImplausible};
  const std::uint64_t now = totp_step(parameters, unix_seconds);
  if (last_step && now + kTotpWindow < *last_step) {
    return OtpJudgement{OtpVerdict::ClockImplausible};
  }
  // All candidates are computed and compared whatever they show, so that the time taken does not
  // tell which one was hit.  When two steps share a code, the later one counts: the code is then
  // dead in both.
  OtpJudgement judgement;
  for (std::uint64_t step = now - kTotpWindow; step <= now + kTotpWindow; ++step) {
    const auto code = hotp(parameters.algorithm, key.view(), step, parameters.digits);
    if (!code) return std::unexpected(code.error());
    if (!equal_in_constant_time(code->view(), bytes_of(typed))) continue;
    const bool dead = last_step && step <= *last_step;
    judgement = {dead ? OtpVerdict::Replayed : OtpVerdict::Accepted, step};
  }
  return judgement;
}

}  // namespace stepup::factor
