// SPDX-License-Identifier: ISC
// Judges a typed answer against everything its subject has enrolled: format, secret, replay,
// throttling.  Runs on the worker thread; joins store and factor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/throttle.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

enum class AnswerOutcome : std::uint8_t {
  Accepted,          // proved; its replay state is on disk
  Wrong,             // counted once for each factor whose format it fits
  Replayed,          // right, but already used; counted as a failure, or a thief who saw a code
                     // could try out the clock for nothing
  NextWanted,        // of an HOTP device that is ahead: counted as a failure, and forgiven when the
                     // code after it is the next answer
  NotACode,          // fits no enrolled factor; not counted
  OtherLayout,       // a YubiKey's, through another keyboard layout; not counted
  LockedOut,         // not even looked at, nor counted
  ClockImplausible,  // TOTP cannot be judged: the clock is before this build or before the last
                     // accepted step by more than the window
};

struct AnswerResult {
  AnswerOutcome outcome = AnswerOutcome::Wrong;
  FactorKind factor = FactorKind::Totp;  // unless NotACode
  std::int64_t credential_id = 0;        // when Accepted
  std::string label;                     // when Accepted
  BootTime locked_for{};                 // > 0 when this failure, or an earlier one, locked
  int recovery_codes_left = 0;           // when a recovery code was Accepted
};

// Input is untrusted: what a person typed.  Digits are judged as TOTP, then as HOTP; what a factor
// would say that does not count is not asked.  Success is returned only after the used step or code
// is durable, and failure only after it is counted. Fails with Storage when that cannot be recorded
// (nothing was accepted then, and nothing told whether the answer was right), Untrusted when no
// secret that the answer might fit can be opened with the sealing key, or when the credentials are
// another name's.
[[nodiscard]] Result<AnswerResult> verify_answer(store::Store& store, const Subject& subject,
                                                 Origin origin, const SecretBytes& answer,
                                                 const Now& now, const Limits& limits,
                                                 FactorSet factors = FactorSet::all());

}  // namespace stepup::daemon
