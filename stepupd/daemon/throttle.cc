// SPDX-License-Identifier: ISC
#include "stepupd/daemon/throttle.h"

#include <algorithm>

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;
using store::Transaction;

constexpr BootTime kFirstBackoff = 30s;
constexpr int kForeignFailures = 20;
constexpr BootTime kForeignSpan = 1h;

// How long ago `moment` was, at least.  Another boot's clock tells nothing but that it was before
// this boot.
BootTime elapsed_since(const store::BootMoment& moment, const Now& now) {
  if (moment.boot_id != now.boot_id) return now.boot;
  return std::max(now.boot - moment.at, BootTime::zero());
}

BootTime backoff_after(int failures, const Limits& limits) {
  if (failures < limits.max_failures) return BootTime::zero();
  const int doublings = std::min(failures - limits.max_failures, 20);
  return std::min(kFirstBackoff * (std::int64_t{1} << doublings), limits.max_backoff);
}

}  // namespace

Result<BootTime> locked_for(Transaction& transaction, const store::FailureKey& key, const Now& now,
                            const Limits& limits) {
  const auto failures = transaction.failures(key);
  if (!failures) return std::unexpected(failures.error());
  BootTime left = backoff_after(failures->count, limits) - elapsed_since(failures->last, now);
  if (key.origin != Origin::Self) {
    const auto foreign = transaction.foreign_failures(key.uid, kForeignFailures);
    if (!foreign) return std::unexpected(foreign.error());
    if (foreign->size() >= kForeignFailures) {
      left = std::max(left, kForeignSpan - elapsed_since(foreign->back(), now));
    }
  }
  return std::max(left, BootTime::zero());
}

Status count_failure(Transaction& transaction, uid_t uid, std::span<const FactorKind> factors,
                     Origin origin, const Now& now) {
  const store::BootMoment moment{now.boot_id, now.boot};
  for (const FactorKind factor : factors) {
    if (auto counted = transaction.add_failure({uid, factor, origin}, moment); !counted) {
      return counted;
    }
  }
  if (origin == Origin::Self) return {};
  return transaction.add_foreign_failure(uid, moment, kForeignFailures);
}

}  // namespace stepup::daemon
