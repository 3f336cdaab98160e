// SPDX-License-Identifier: ISC
#pragma once

#include <signal.h>

#include <atomic>

namespace stepup::fakes {

// Installs a handler for `signal` that counts, for as long as it lives.  One at a time for each
// signal.
class CountedSignal {
 public:
  explicit CountedSignal(int signal) : signal_(signal) {
    counts[signal] = 0;
    struct sigaction count{};
    count.sa_handler = [](int number) { ++counts[number]; };
    (void)sigaction(signal, &count, &before_);
  }
  ~CountedSignal() { (void)sigaction(signal_, &before_, nullptr); }
  CountedSignal(const CountedSignal&) = delete;
  CountedSignal& operator=(const CountedSignal&) = delete;

  [[nodiscard]] int count() const { return counts[signal_]; }

 private:
  static inline std::atomic<int> counts[NSIG];
  int signal_;
  struct sigaction before_{};
};

}  // namespace stepup::fakes
