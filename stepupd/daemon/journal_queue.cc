// SPDX-License-Identifier: ISC
#include "stepupd/daemon/journal_queue.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace stepup::daemon {

struct JournalQueue::State {
  Send send;
  LostRecord lost_record;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Record> waiting;
  std::size_t lost = 0;  // since a record last found room
  bool closing = false;
  bool ended = false;

  // Under the lock.
  void own_up() {
    if (lost > 0) waiting.push_back(lost_record(std::exchange(lost, 0)));
  }
};

JournalQueue::JournalQueue(Send send, LostRecord lost_record, std::chrono::milliseconds patience)
    : patience_(patience), state_(std::make_shared<State>()) {
  state_->send = std::move(send);
  state_->lost_record = std::move(lost_record);
  thread_ = std::thread([state = state_] { run(state); });
}

JournalQueue::~JournalQueue() {
  std::unique_lock lock(state_->mutex);
  state_->own_up();
  state_->closing = true;
  state_->changed.notify_all();
  const bool ended = state_->changed.wait_for(lock, patience_, [this] { return state_->ended; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void JournalQueue::add(Record record) {
  const std::lock_guard lock(state_->mutex);
  if (state_->waiting.size() >= kMostWaiting) {
    ++state_->lost;
    return;
  }
  state_->own_up();
  state_->waiting.push_back(std::move(record));
  state_->changed.notify_all();
}

void JournalQueue::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return state->closing || !state->waiting.empty(); });
    if (state->waiting.empty()) break;
    const Record record = std::move(state->waiting.front());
    state->waiting.pop_front();
    lock.unlock();
    state->send(record);
    lock.lock();
  }
  state->ended = true;
  state->changed.notify_all();
}

}  // namespace stepup::daemon
