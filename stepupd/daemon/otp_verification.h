// SPDX-License-Identifier: ISC
// Judges a typed answer against everything its subject has enrolled: format, secret, replay,
// throttling.  Runs on the worker thread; joins store and factor.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

// The clocks, read once for each job.
struct Now {
  std::int64_t unix_seconds = 0;  // for TOTP and for people; never ages a grant or a back-off
  BootTime boot{};
  std::string boot_id;
};

using store::Origin;

// Throttling (RFC 4226 section 7.3).  After max_failures in a row of one factor from one origin the
// next answer waits 30 s, and twice as long after each further failure, up to max_backoff.  Only a
// success of that factor from that origin ends the row: a thief must not be given new attempts
// whenever the owner proves himself elsewhere.  All origins but Self together have 20 failures an
// hour.  The waits are measured in boot time and outlast restarts; after a reboot they begin anew.
struct Limits {
  int max_failures = 5;
  BootTime max_backoff = std::chrono::minutes(15);
};

// What may be asked of a subject now.
struct Standing {
  bool owner_mismatch = false;  // uid has credentials of another name
  std::string recorded_name;    // that name
  bool has_otp = false;         // a TOTP credential, or an unused recovery code
  bool has_recovery_code = false;
  int authenticators = 0;                    // recovery codes do not count
  Level highest = Level::None;               // strongest level held
  BootTime locked_for{};                     // zero = not locked
  std::vector<store::ChangeNotice> notices;  // to tell at the next step-up, then dismiss
};

// Fails with Storage when the database cannot be read.  Writes nothing.
[[nodiscard]] Result<Standing> standing_of(store::Store& store, const Subject& subject,
                                           Origin origin, const Now& now, const Limits& limits);

enum class AnswerOutcome : std::uint8_t {
  Accepted,          // proved; its replay state is on disk
  Wrong,             // counted once for each factor whose format it fits
  Replayed,          // right, but already used; counted as a failure, or a thief who saw a code
                     // could try out the clock for nothing
  NotACode,          // fits no enrolled factor; not counted
  LockedOut,         // not even looked at, nor counted
  ClockImplausible,  // TOTP cannot be judged: the clock is before this build or before the last
                     // accepted step by more than the window
};

struct AnswerResult {
  AnswerOutcome outcome = AnswerOutcome::Wrong;
  FactorKind factor = FactorKind::Totp;  // when Accepted or Replayed
  std::int64_t credential_id = 0;        // when Accepted
  std::string label;                     // when Accepted
  BootTime locked_for{};                 // > 0 when this failure, or an earlier one, locked
  int recovery_codes_left = 0;           // when a recovery code was Accepted
};

// Input is untrusted: what a person typed.  Success is returned only after the used step or code
// is durable, and failure only after it is counted.  Fails with Storage when that cannot be
// recorded (nothing was accepted then, and nothing told whether the answer was right), Untrusted
// when no secret that the answer might fit can be opened with the sealing key, or when the
// credentials are another name's.
[[nodiscard]] Result<AnswerResult> verify_answer(store::Store& store, const Subject& subject,
                                                 Origin origin, const SecretBytes& answer,
                                                 const Now& now, const Limits& limits);

}  // namespace stepup::daemon
