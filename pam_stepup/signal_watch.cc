// SPDX-License-Identifier: ISC
#include "pam_stepup/signal_watch.h"

namespace stepup::pam_stepup {
namespace {

constexpr int kEnding[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

bool ignored(int signal) noexcept {
  struct sigaction action{};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

SignalWatch::SignalWatch() noexcept {
  sigemptyset(&watched_);
  for (const int signal : kEnding) {
    // A blocked signal becomes pending even if it is ignored, so it must not be blocked at all.
    if (!ignored(signal)) sigaddset(&watched_, signal);
  }
  // Only a filter of system calls makes this fail.  Then there is no mask to put back, and Ctrl-C
  // ends the program at once.
  blocked_ = pthread_sigmask(SIG_BLOCK, &watched_, &before_) == 0;
}

SignalWatch::~SignalWatch() {
  if (blocked_) (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool SignalWatch::pending() const noexcept {
  sigset_t pending;
  sigemptyset(&pending);
  (void)sigpending(&pending);
  for (const int signal : kEnding) {
    if (sigismember(&pending, signal) == 1 && sigismember(&watched_, signal) == 1) return true;
  }
  return false;
}

}  // namespace stepup::pam_stepup
