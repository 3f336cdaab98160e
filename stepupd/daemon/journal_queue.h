// SPDX-License-Identifier: ISC
// Sends journal records from a thread of its own, in their order: sending blocks while journald
// hangs, and neither a decision nor the watchdog may wait for that.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace stepup::daemon {

class JournalQueue {
 public:
  using Record = std::vector<std::string>;  // KEY=value
  using Send = std::function<void(const Record&)>;
  using LostRecord = std::function<Record(std::size_t lost)>;

  static constexpr std::size_t kMostWaiting = 1000;

  // `send` runs on the thread and may block.  What finds no room is lost, and before the next
  // record that does goes the one that `lost_record` makes of how many there were.  At its end the
  // queue waits for what it holds, no longer than `patience`: a journald that hangs must not keep
  // stepupd from ending.  Signals must be blocked by now, so that the thread inherits that.
  JournalQueue(Send send, LostRecord lost_record, std::chrono::milliseconds patience);
  ~JournalQueue();
  JournalQueue(const JournalQueue&) = delete;
  JournalQueue& operator=(const JournalQueue&) = delete;

  // Never blocks; from any thread.
  void add(Record record);

 private:
  struct State;  // shared with the thread, which a hung journald lets outlive this object
  static void run(const std::shared_ptr<State>& state);

  std::chrono::milliseconds patience_;
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace stepup::daemon
