// SPDX-License-Identifier: ISC
// A dialogue written from top to bottom: a coroutine that waits for the person, or for the worker
// thread, without holding up the loop.  Destroying a Task destroys whatever it is in the middle of.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace stepup::daemon {

// Starts when it is awaited, or by start() at the top.  Resumes its awaiter when it ends.
template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr exception;
    std::coroutine_handle<> awaiter = std::noop_coroutine();

    struct ResumeAwaiter {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        return ended.promise().awaiter;
      }
      void await_resume() noexcept {}
    };

    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    ResumeAwaiter final_suspend() noexcept { return {}; }
    void return_value(T result) { value = std::move(result); }
    void unhandled_exception() { exception = std::current_exception(); }
    // Requires that the coroutine has ended: by a value, or by an exception.
    T result() {
      if (exception) std::rethrow_exception(exception);
      return std::move(
          value.value());  // NOLINT(bugprone-unchecked-optional-access): value() checks
    }
  };

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Runs the top of a chain of tasks up to its first wait.  Requires a task that has not started.
  void start() { handle_.resume(); }
  [[nodiscard]] bool done() const noexcept { return handle_ && handle_.done(); }
  // The result; rethrows what the coroutine threw.  Requires done().
  T take() { return handle_.promise().result(); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> handle;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
        handle.promise().awaiter = awaiter;
        return handle;
      }
      T await_resume() { return handle.promise().result(); }
    };
    return Awaiter{handle_};
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace stepup::daemon
