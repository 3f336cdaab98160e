// SPDX-License-Identifier: ISC
// Notices Ctrl-C while the module waits, without touching a handler of the application.
#pragma once

#include <signal.h>

namespace stepup::pam_stepup {

// While it lives, HUP, INT, QUIT and TERM are blocked in this thread, but for those that the
// application ignores (nohup(1)).  A signal that comes stays pending; when the mask is put back,
// the application gets it as if we had never been there.  One that the application blocked itself
// and that is already pending counts too: sudo blocks INT and QUIT while it authenticates.
class SignalWatch {
 public:
  SignalWatch() noexcept;
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // Whether one of them is pending for this thread or its process.
  [[nodiscard]] bool pending() const noexcept;

 private:
  sigset_t watched_;
  sigset_t before_;  // means something only if blocked_
  bool blocked_;
};

}  // namespace stepup::pam_stepup
