// SPDX-License-Identifier: ISC
// One thread for the work that blocks: scrypt, SQLite, the name service.  Subjects take turns, so
// one who floods it delays only himself.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/daemon/io_source.h"

namespace stepup::daemon {

class Worker {
 public:
  // `done` runs on the loop's thread after `work` ran on the worker's.
  struct Job {
    std::move_only_function<void()> work;
    std::move_only_function<void()> done;
  };

  Worker() = default;
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the thread.  Signals must be blocked by now, so that the thread inherits that.
  Status start(sd_event* loop);

  // Ends the thread; jobs that wait are dropped.
  void stop();

  // Queues `job` for `subject`.  Fails with Busy when 64 subjects wait already, or this one has 256
  // jobs waiting.
  Status submit(uid_t subject, Job job);

 private:
  void run();
  void deliver();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<uid_t, std::deque<Job>> waiting_;
  std::deque<uid_t> turns_;  // every subject in waiting_, once
  std::vector<Job> finished_;
  bool stopping_ = false;

  UniqueFd finished_event_;
  IoSource finished_source_;
  std::thread thread_;
};

// co_await on_worker<T>(worker, subject, work): the value of `work`, which runs on the worker's
// thread; Busy when the queue is full.  If the waiting coroutine is destroyed meanwhile, the work
// still ends and its value is dropped.
template <typename T>
class OnWorker {
 public:
  OnWorker(Worker& worker, uid_t subject, std::move_only_function<Result<T>()> work)
      : worker_(worker), subject_(subject), state_(std::make_shared<State>()) {
    state_->work = std::move(work);
  }
  ~OnWorker() { state_->waiter = nullptr; }
  OnWorker(const OnWorker&) = delete;
  OnWorker& operator=(const OnWorker&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    state_->waiter = waiter;
    auto queued = worker_.submit(subject_, {[state = state_] { state->value = state->work(); },
                                            [state = state_] {
                                              if (state->waiter) state->waiter.resume();
                                            }});
    if (queued) return true;
    state_->value = std::unexpected(queued.error());
    return false;
  }
  Result<T> await_resume() {
    return std::move(
        state_->value.value());  // NOLINT(bugprone-unchecked-optional-access): it checks
  }

 private:
  // Shared with the job, which may outlive the coroutine.  `waiter` belongs to the loop's thread.
  struct State {
    std::move_only_function<Result<T>()> work;
    std::optional<Result<T>> value;
    std::coroutine_handle<> waiter;
  };

  Worker& worker_;
  uid_t subject_;
  std::shared_ptr<State> state_;
};

}  // namespace stepup::daemon
