// SPDX-License-Identifier: ISC
#include "stepupd/ctl/signals.h"

#include <signal.h>

namespace stepup::ctl {
namespace {

constexpr int kEnding[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

sigset_t inherited;  // the mask that this program was started with

}  // namespace

void block_ending_signals() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kEnding) {
    struct sigaction now = {};
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
    sigaddset(&set, signal);
  }
  (void)pthread_sigmask(SIG_BLOCK, &set, &inherited);
}

void unblock_ending_signals() noexcept { (void)pthread_sigmask(SIG_SETMASK, &inherited, nullptr); }

bool ending_signal_came() noexcept {
  sigset_t pending;
  if (sigpending(&pending) != 0) return false;
  for (const int signal : kEnding) {
    if (sigismember(&pending, signal) == 1) return true;
  }
  return false;
}

}  // namespace stepup::ctl
