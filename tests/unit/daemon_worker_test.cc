// SPDX-License-Identifier: ISC
// Worker and Task on a real loop.
#include <signal.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "stepupd/daemon/task.h"
#include "stepupd/daemon/worker.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;

namespace {

Task<int> doubled(Worker& worker, int value) {
  OnWorker<int> working(worker, 1000, [value]() -> Result<int> { return value * 2; });
  const Result<int> result = co_await working;
  co_return *result;
}

Task<int> sum_of_doubled(Worker& worker) {
  auto first = doubled(worker, 1);
  const int a = co_await std::move(first);
  auto second = doubled(worker, 10);
  const int b = co_await std::move(second);
  co_return a + b;
}

Task<int> throws() {
  throw std::runtime_error("no");
  co_return 1;
}

Task<std::string> catches() {
  try {
    auto throwing = throws();
    (void)co_await std::move(throwing);
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing thrown";
}

}  // namespace

TEST_GROUP(WorkerThread) {
  EventLoop loop;

  void setup() override {
    sd_event* raw = nullptr;
    CHECK(sd_event_new(&raw) >= 0);
    loop.reset(raw);
  }
  void teardown() override { loop.reset(); }

  void run_until_done(const Task<int>& task) const {
    while (!task.done()) CHECK(sd_event_run(loop.get(), 5'000'000) > 0);
  }
};

TEST(WorkerThread, ADialogueContinuesOnTheLoopWithTheValue) {
  Worker worker;
  CHECK(worker.start(loop.get()).has_value());
  Task<int> task = sum_of_doubled(worker);
  task.start();
  run_until_done(task);
  LONGS_EQUAL(22, task.take());
}

TEST(WorkerThread, AJobOutlivesADialogueThatIsGone) {
  auto ran = std::make_shared<bool>(false);
  {
    Worker worker;
    CHECK(worker.start(loop.get()).has_value());
    {
      Task<int> task = sum_of_doubled(worker);
      task.start();
    }
    CHECK(worker.submit(1000, {[] {}, [ran] { *ran = true; }}).has_value());
    while (!*ran) CHECK(sd_event_run(loop.get(), 5'000'000) > 0);
  }
  CHECK_TRUE(*ran);
}

TEST(WorkerThread, F74OneSubjectCannotFillTheQueueForOthers) {
  Worker worker;  // not started: nothing is taken out
  for (int i = 0; i < 256; ++i) CHECK(worker.submit(1000, {[] {}, [] {}}).has_value());
  const auto refused = worker.submit(1000, {[] {}, [] {}});
  CHECK_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::Busy);
  CHECK(worker.submit(1001, {[] {}, [] {}}).has_value());
  for (uid_t subject = 2000; subject < 2062; ++subject) {
    CHECK(worker.submit(subject, {[] {}, [] {}}).has_value());
  }
  CHECK_FALSE(worker.submit(3000, {[] {}, [] {}}).has_value());
}

TEST(WorkerThread, SubjectsTakeTurns) {
  auto order = std::make_shared<std::vector<int>>();
  auto left = std::make_shared<int>(5);
  Worker worker;
  const auto job = [&](int name) {
    return Worker::Job{[order, name] { order->push_back(name); }, [left] { --*left; }};
  };
  for (const auto& [subject, name] : {
           std::pair<uid_t, int>{1, 10},
            {1, 11},
            {1, 12},
            {2, 20},
            {2, 21}
  }) {
    CHECK(worker.submit(subject, job(name)).has_value());
  }
  CHECK(worker.start(loop.get()).has_value());
  while (*left > 0) CHECK(sd_event_run(loop.get(), 5'000'000) > 0);
  const std::vector<int> want{10, 20, 11, 21, 12};
  CHECK(*order == want);
}

TEST(WorkerThread, AnExceptionReachesTheAwaitingDialogue) {
  Task<std::string> task = catches();
  task.start();
  CHECK_TRUE(task.done());
  STRCMP_EQUAL("no", task.take().c_str());
}
