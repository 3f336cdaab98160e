// SPDX-License-Identifier: ISC
#include "stepupd/factor/hotp_window.h"

#include <algorithm>

#include "stepupd/factor/bytes_of.h"
#include "stepupd/factor/digest.h"

namespace stepup::factor {

Result<OtpJudgement> judge_hotp(HashAlgorithm algorithm, int digits, const SecretBytes& key,
                                std::string_view typed, const HotpState& state) {
  // `last` is at most kHotpLastCounter, so nothing below wraps.
  const std::uint64_t next = state.last ? *state.last + 1 : 0;
  // Dead codes are looked for as far back only to tell people apart who type one twice.
  const std::uint64_t first = next - std::min(next, kHotpLookAhead);
  const std::uint64_t end = std::min(next + kHotpResyncReach + 1, kHotpLastCounter);
  std::optional<std::uint64_t> accepted;
  std::optional<std::uint64_t> ahead;
  bool dead = false;
  // All candidates are computed and compared whatever they show, so that the time taken does not
  // tell which one was hit.  When two counters in the window share a code, the later one counts:
  // the code is then dead in both.
  for (std::uint64_t counter = first; counter <= end; ++counter) {
    const auto code = hotp(algorithm, key.view(), counter, digits);
    if (!code) return std::unexpected(code.error());
    if (!equal_in_constant_time(code->view(), bytes_of(typed))) continue;
    if (counter < next) {
      dead = true;
    } else if (counter <= next + kHotpLookAhead ||
               (state.pending && counter - 1 == *state.pending)) {
      accepted = counter;
    } else if (counter <= next + kHotpResyncReach && !ahead) {
      ahead = counter;
    }
  }
  if (accepted) return OtpJudgement{OtpVerdict::Accepted, *accepted};
  if (dead) return OtpJudgement{OtpVerdict::Replayed};
  if (ahead) return OtpJudgement{OtpVerdict::NextWanted, *ahead};
  return OtpJudgement{OtpVerdict::Wrong};
}

}  // namespace stepup::factor
