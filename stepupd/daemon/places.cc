// SPDX-License-Identifier: ISC
#include "stepupd/daemon/places.h"

namespace stepup::daemon {

bool Places::take(uid_t user) {
  const auto found = held_.find(user);
  const int held = found == held_.end() ? 0 : found->second;
  // SECURITY: however many users conspire, root finds a place, and the last quarter goes to users
  // who hold none yet, one each.
  const int limit = user == 0   ? of_all_ + kReservedForRoot
                    : held == 0 ? of_all_
                                : of_all_ - of_all_ / 4;
  if (held >= of_one_ || taken_ >= limit) return false;
  ++held_[user];
  ++taken_;
  return true;
}

void Places::give_back(uid_t user) {
  --taken_;
  if (--held_[user] == 0) held_.erase(user);
}

}  // namespace stepup::daemon
