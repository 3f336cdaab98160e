// SPDX-License-Identifier: ISC
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stepupd/daemon/journal_queue.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::daemon;

namespace {

using Record = JournalQueue::Record;

// A journald that takes nothing until it is let go; owned by the sending thread too, since a queue
// that gave up leaves that thread behind.
struct Journald {
  std::mutex mutex;
  std::condition_variable changed;
  bool hangs = true;
  bool asked = false;  // a record was being sent
  std::vector<std::string> taken;

  void take(const Record& record) {
    std::unique_lock lock(mutex);
    asked = true;
    changed.notify_all();
    changed.wait(lock, [this] { return !hangs; });
    taken.push_back(record.front());
    changed.notify_all();
  }
  void let_go() {
    const std::lock_guard lock(mutex);
    hangs = false;
    changed.notify_all();
  }
  void wait_until_asked() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return asked; });
  }
  void wait_until_taken(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return taken.size() >= count; });
  }
};

std::unique_ptr<JournalQueue> queue_to(
    const std::shared_ptr<Journald>& journald,
    std::chrono::milliseconds patience = std::chrono::seconds(60)) {
  return std::make_unique<JournalQueue>(
      [journald](const Record& record) { journald->take(record); },
      [](std::size_t lost) { return Record{"lost " + std::to_string(lost)}; }, patience);
}

}  // namespace

TEST_GROUP(JournalQueue) {
  std::shared_ptr<Journald> journald;

  // A queue that gave up leaves its thread and what that holds behind; that is no leak.
  void setup() override {
    MemoryLeakWarningPlugin::saveAndDisableNewDeleteOverloads();
    journald = std::make_shared<Journald>();
  }
  void teardown() override {
    journald.reset();
    MemoryLeakWarningPlugin::restoreNewDeleteOverloads();
  }

  // Fills the queue behind one record that is being sent.
  void fill(JournalQueue & queue) const {
    queue.add({"first"});
    journald->wait_until_asked();
    for (std::size_t i = 0; i < JournalQueue::kMostWaiting; ++i) queue.add({std::to_string(i)});
  }
};

TEST(JournalQueue, KeepsTheOrder) {
  const auto queue = queue_to(journald);
  fill(*queue);
  journald->let_go();
  journald->wait_until_taken(JournalQueue::kMostWaiting + 1);
  STRCMP_EQUAL("first", journald->taken[0].c_str());
  for (std::size_t i = 0; i < JournalQueue::kMostWaiting; ++i) {
    STRCMP_EQUAL(std::to_string(i).c_str(), journald->taken[i + 1].c_str());
  }
}

TEST(JournalQueue, SaysHowManyFoundNoRoomBeforeTheNextThatDoes) {
  const auto queue = queue_to(journald);
  fill(*queue);
  for (int i = 0; i < 3; ++i) queue->add({"no room"});
  journald->let_go();
  journald->wait_until_taken(JournalQueue::kMostWaiting + 1);
  queue->add({"next"});
  journald->wait_until_taken(JournalQueue::kMostWaiting + 3);
  STRCMP_EQUAL("lost 3", journald->taken[JournalQueue::kMostWaiting + 1].c_str());
  STRCMP_EQUAL("next", journald->taken[JournalQueue::kMostWaiting + 2].c_str());
}

TEST(JournalQueue, EndsWhenAllIsSent) {
  auto queue = queue_to(journald);
  fill(*queue);
  queue->add({"no room"});
  journald->let_go();
  queue.reset();
  STRCMP_EQUAL("lost 1", journald->taken.back().c_str());
}

TEST(JournalQueue, EndsInBoundedTimeWhileJournaldHangs) {
  auto queue = queue_to(journald, std::chrono::milliseconds(10));
  fill(*queue);
  queue.reset();
  CHECK_TRUE(journald->taken.empty());
}
