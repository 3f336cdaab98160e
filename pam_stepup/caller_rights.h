// SPDX-License-Identifier: ISC
// The rights of whoever called a set-uid program, for what is done to the caller's own files.
#pragma once

#include <signal.h>
#include <sys/types.h>

namespace stepup::pam_stepup {

// While it lives, this thread looks at files as the caller (its real ids) would, and no signal
// reaches it: a handler of the application must not run without root's rights.  Changing the ids
// makes the kernel forget PR_SET_PDEATHSIG and PR_SET_DUMPABLE, which come back with them.
class CallerRights {
 public:
  CallerRights() noexcept;
  ~CallerRights() { (void)give_back(); }
  CallerRights(const CallerRights&) = delete;
  CallerRights& operator=(const CallerRights&) = delete;

  // Whether the caller's rights are those that count now.
  [[nodiscard]] bool taken() const noexcept { return taken_; }

  // Puts everything back.  False when something is not as it was.
  [[nodiscard]] bool give_back() noexcept;

 private:
  sigset_t mask_;
  bool blocked_ = false;
  bool changed_ = false;  // there is something to put back
  bool taken_ = false;
  int uid_before_ = 0;
  int gid_before_ = 0;
  int death_signal_ = 0;
  int dumpable_ = 0;
};

}  // namespace stepup::pam_stepup
