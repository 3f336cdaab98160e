// SPDX-License-Identifier: ISC
// How often an answer may be wrong (ARCHITECTURE section 11, Failures).
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
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
  bool security_keys = true;  // whether they count at all
  bool ssh_sk = false;        // whether those behind an ssh agent do
};

// How long `key`'s factor may not be tried from its origin; zero = it may.  Fails with Storage.
[[nodiscard]] Result<BootTime> locked_for(store::Transaction& transaction,
                                          const store::FailureKey& key, const Now& now,
                                          const Limits& limits);

// Counts one failed answer: once for each of `factors`, whose form it had, and once for its origin.
// Requires a commit before anybody is told.
[[nodiscard]] Status count_failure(store::Transaction& transaction, uid_t uid,
                                   std::span<const FactorKind> factors, Origin origin,
                                   const Now& now);

}  // namespace stepup::daemon
