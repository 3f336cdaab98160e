// SPDX-License-Identifier: ISC
#include "stepupd/daemon/activity_log.h"

#include <algorithm>
#include <set>

#include "stepupd/daemon/status_report.h"

namespace stepup::daemon {
namespace {

constexpr int kMaxNotedEach = 64;
constexpr std::size_t kMaxNoted = 4096;
constexpr std::size_t kMaxTallies = 4096;

bool is_refused(const store::Activity& row) {
  return row.verdict != "granted" && row.verdict != "not-required";
}

}  // namespace

void ActivityLog::note(store::Activity row, BootTime now, bool kept) {
  Tally& tally = tally_of(row.subject.uid, row.session);
  ++tally.commands;
  if (is_refused(row)) ++tally.refused;
  tally.last = now;
  if (!kept) return;
  int& noted = noted_[row.subject.uid];
  if (noted >= kMaxNotedEach || rows_.size() >= kMaxNoted) {
    ++left_out_;
    // SECURITY: refusals, which anybody can bring about, hide nothing that was let through.
    if (is_refused(row)) return;
    const auto refused = std::ranges::find_if(rows_, [&](const store::Activity& other) {
      return other.subject.uid == row.subject.uid && is_refused(other);
    });
    if (refused == rows_.end()) return;
    rows_.erase(refused);
    --noted;
  }
  ++noted;
  rows_.push_back(std::move(row));
}

ActivityLog::Tally& ActivityLog::tally_of(uid_t subject, const SessionKey& session) {
  const auto found = std::ranges::find_if(tallies_, [&](const Tally& tally) {
    return tally.subject == subject && tally.session == session;
  });
  if (found != tallies_.end()) {
    std::rotate(found, found + 1, tallies_.end());
  } else {
    if (tallies_.size() >= kMaxTallies) tallies_.erase(tallies_.begin());
    tallies_.push_back({subject, session});
  }
  return tallies_.back();
}

wire::SessionActivity ActivityLog::of(uid_t subject, const SessionKey& session,
                                      BootTime now) const {
  for (const Tally& tally : tallies_) {
    if (tally.subject != subject || tally.session != session) continue;
    return {tally.commands, tally.refused, seconds_between(tally.last, now)};
  }
  return {};
}

void ActivityLog::forget_session(const SessionKey& session) {
  std::erase_if(tallies_, [&](const Tally& tally) { return tally.session == session; });
}

std::vector<store::Activity> ActivityLog::take() {
  noted_.clear();
  return std::exchange(rows_, {});
}

Status write_activity(store::Store& store, const std::vector<store::Activity>& rows,
                      std::int64_t before) {
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  std::set<uid_t> subjects;
  for (const store::Activity& row : rows) {
    if (auto added = transaction->add_activity(row); !added) return added;
    subjects.insert(row.subject.uid);
  }
  const std::vector<uid_t> touched(subjects.begin(), subjects.end());
  if (auto trimmed = transaction->trim_activity(before, touched); !trimmed) return trimmed;
  return transaction->commit();
}

}  // namespace stepup::daemon
