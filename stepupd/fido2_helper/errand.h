// SPDX-License-Identifier: ISC
// A call that blocks on a key, on a thread of its own.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "stepupd/fido2_helper/bell.h"

namespace stepup::fido2_helper {

class Errand {
 public:
  using Call = std::move_only_function<int()>;

  Errand() = default;

  // Starts `call`, and rings `done` when it has returned.  What it uses it owns, or lives as long
  // as the process: see leave().
  Errand(const Bell& done, Call call) {
    std::promise<int> promise;
    result_ = promise.get_future();
    thread_ = std::thread([&done, call = std::move(call), promise = std::move(promise)]() mutable {
      promise.set_value(call());
      done.ring();
    });
  }
  Errand(Errand&&) = default;
  Errand& operator=(Errand&& other) noexcept {
    leave(std::chrono::steady_clock::now());
    thread_ = std::move(other.thread_);
    result_ = std::move(other.result_);
    return *this;
  }
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;
  ~Errand() { leave(std::chrono::steady_clock::now()); }

  [[nodiscard]] bool started() const noexcept { return thread_.joinable(); }
  [[nodiscard]] bool finished() const {
    return result_.valid() &&
           result_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  // What the call returned.  Requires finished(); once.
  [[nodiscard]] int take() {
    const int result = result_.get();
    thread_.join();
    return result;
  }

  // Waits for the call, and goes on without it when it is not back by `until`: the kernel may hold
  // a thread in a dead USB port, and stepupd wants its answer.
  void leave(std::chrono::steady_clock::time_point until) noexcept {
    if (!thread_.joinable()) return;
    if (result_.wait_until(until) == std::future_status::ready) {
      thread_.join();
    } else {
      thread_.detach();
    }
  }

 private:
  std::thread thread_;
  std::future<int> result_;
};

}  // namespace stepup::fido2_helper
