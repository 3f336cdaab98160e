// SPDX-License-Identifier: ISC
// What was decided lately: noted in memory while deciding, written to the database in the
// background, and lost rather than waited for when that cannot be done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/coordinates.h"
#include "stepupd/store/store.h"
#include "stepupd/wire/status_messages.h"

namespace stepup::daemon {

class ActivityLog {
 public:
  // Up to 64 rows of one subject are noted between two writes; the further ones are counted, and
  // what passed takes the place of a refusal.
  // Without `kept` only what of() tells is noted.
  void note(store::Activity row, BootTime now, bool kept);

  // Of one subject in one session, since stepupd began.
  [[nodiscard]] wire::SessionActivity of(uid_t subject, const SessionKey& session,
                                         BootTime now) const;
  void forget_session(const SessionKey& session);

  [[nodiscard]] bool empty() const noexcept { return rows_.empty() && left_out_ == 0; }
  // What waits to be written.
  [[nodiscard]] std::vector<store::Activity> take();
  // How many rows were left out since this was asked last.
  [[nodiscard]] std::size_t take_left_out() noexcept { return std::exchange(left_out_, 0); }

 private:
  struct Tally {
    uid_t subject = kNoUid;
    SessionKey session;
    std::uint64_t commands = 0;
    std::uint64_t refused = 0;
    BootTime last{};
  };
  Tally& tally_of(uid_t subject, const SessionKey& session);

  std::vector<store::Activity> rows_;
  std::map<uid_t, int> noted_;  // of rows_
  std::vector<Tally> tallies_;  // the one used last stands last
  std::size_t left_out_ = 0;
};

// Writes `rows`, and deletes what is older than `before`.
[[nodiscard]] Status write_activity(store::Store& store, const std::vector<store::Activity>& rows,
                                    std::int64_t before);

}  // namespace stepup::daemon
