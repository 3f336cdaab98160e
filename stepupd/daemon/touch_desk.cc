// SPDX-License-Identifier: ISC
#include "stepupd/daemon/touch_desk.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxUnanswered = 3;
constexpr BootTime kWithin = 5min;
constexpr BootTime kPause = 15min;

}  // namespace

BootTime TouchFatigue::paused_for(uid_t uid, BootTime now) const {
  const auto found = unanswered_.find(uid);
  if (found == unanswered_.end() || found->second.size() < kMaxUnanswered) return {};
  const auto& times = found->second;
  if (times.back() - times.front() > kWithin) return {};
  return std::max(BootTime::zero(), times.back() + kPause - now);
}

void TouchFatigue::unanswered(uid_t uid, BootTime now) {
  std::deque<BootTime>& times = unanswered_[uid];
  times.push_back(now);
  if (times.size() > kMaxUnanswered) times.pop_front();
}

Status TouchDesk::start(sd_event* loop) {
  return waking_.start(loop, [this] { run_woken(); });
}

const TouchPurpose* TouchDesk::outstanding(uid_t uid) const {
  const auto found = queues_.find(uid);
  return found == queues_.end() ? nullptr : &found->second.front()->purpose_;
}

bool TouchDesk::is_full() const {
  const auto at_helper = [](const auto& queue) {
    return queue.second.front()->purpose_.plugged_in;
  };
  return std::ranges::count_if(queues_, at_helper) >= kMaxOutstanding;
}

TouchDesk::Turn::~Turn() { desk_.leave(*this); }

bool TouchDesk::Turn::await_ready() {
  auto& queue = desk_.queues_[uid_];
  queue.push_back(this);
  holds_ = queue.size() == 1;
  return holds_;
}

void TouchDesk::Turn::abandon() {
  if (holds_ || !waiter_) return;
  desk_.leave(*this);
  desk_.wake(*this);
}

void TouchDesk::leave(Turn& turn) {
  std::erase(woken_, &turn);
  const auto found = queues_.find(turn.uid_);
  if (found == queues_.end()) return;
  auto& queue = found->second;
  const bool held = turn.holds_;
  std::erase(queue, &turn);
  if (queue.empty()) {
    queues_.erase(found);
  } else if (held) {
    queue.front()->holds_ = true;
    wake(*queue.front());
  }
}

void TouchDesk::wake(Turn& turn) {
  woken_.push_back(&turn);
  waking_.arm(BootTime::zero());
}

void TouchDesk::run_woken() {
  while (!woken_.empty()) {
    Turn* turn = woken_.back();
    woken_.pop_back();
    if (turn->waiter_) std::exchange(turn->waiter_, nullptr).resume();
  }
}

}  // namespace stepup::daemon
