// SPDX-License-Identifier: ISC
#include <signal.h>
#include <string.h>

#include "pam_stepup/signal_watch.h"

#include <CppUTest/TestHarness.h>

using stepup::pam_stepup::SignalWatch;

namespace {

sigset_t current_mask() {
  sigset_t mask;
  (void)pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

bool same(const sigset_t& one, const sigset_t& other) {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&one, signal) != sigismember(&other, signal)) return false;
  }
  return true;
}

volatile sig_atomic_t caught = 0;

}  // namespace

TEST_GROUP(PamSignalWatch) {
  struct sigaction before[NSIG];

  void setup() override {
    caught = 0;
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
      struct sigaction count{};
      count.sa_handler = [](int) { caught = caught + 1; };
      CHECK_EQUAL(0, sigaction(signal, &count, &before[signal]));
    }
  }
  void teardown() override {
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
      CHECK_EQUAL(0, sigaction(signal, &before[signal], nullptr));
    }
  }
};

TEST(PamSignalWatch, SeesEachEndingSignalAndLeavesItToTheApplication) {
  const sigset_t mask = current_mask();
  int expected = 0;
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    {
      const SignalWatch watch;
      CHECK_FALSE(watch.pending());
      CHECK_EQUAL(0, raise(signal));
      CHECK_TRUE(watch.pending());
      CHECK_EQUAL(expected, static_cast<int>(caught));
    }
    ++expected;
    CHECK_EQUAL(expected, static_cast<int>(caught));
    CHECK_TRUE(same(mask, current_mask()));
  }
}

TEST(PamSignalWatch, SeesWhatTheApplicationItselfHasBlocked) {
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  CHECK_EQUAL(0, pthread_sigmask(SIG_BLOCK, &interrupt, nullptr));
  CHECK_EQUAL(0, raise(SIGINT));
  const sigset_t mask = current_mask();
  {
    const SignalWatch watch;
    CHECK_TRUE(watch.pending());
  }
  CHECK_TRUE(same(mask, current_mask()));
  CHECK_EQUAL(0, static_cast<int>(caught));
  CHECK_EQUAL(0, pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr));
  CHECK_EQUAL(1, static_cast<int>(caught));
}

TEST(PamSignalWatch, IgnoresWhatTheApplicationIgnores) {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  CHECK_EQUAL(0, sigaction(SIGHUP, &ignore, nullptr));
  const SignalWatch watch;
  CHECK_EQUAL(0, raise(SIGHUP));
  CHECK_FALSE(watch.pending());
  CHECK_EQUAL(0, raise(SIGWINCH));
  CHECK_FALSE(watch.pending());
}
