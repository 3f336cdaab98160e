// SPDX-License-Identifier: ISC
#include "pam_stepup/caller_rights.h"

#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace stepup::pam_stepup {
namespace {

// No id: these calls change nothing for it, and return the one in force either way (setfsuid(2)).
constexpr auto kNone = static_cast<uid_t>(-1);

int file_uid() noexcept { return setfsuid(kNone); }
int file_gid() noexcept { return setfsgid(kNone); }

// Failure cannot be told from what these return, so it is looked at afterwards.
bool set_file_uid(int uid) noexcept {
  (void)setfsuid(static_cast<uid_t>(uid));
  return file_uid() == uid;
}
bool set_file_gid(int gid) noexcept {
  (void)setfsgid(static_cast<gid_t>(gid));
  return file_gid() == gid;
}

}  // namespace

CallerRights::CallerRights() noexcept {
  sigset_t all;
  sigfillset(&all);
  blocked_ = pthread_sigmask(SIG_SETMASK, &all, &mask_) == 0;
  if (!blocked_ || prctl(PR_GET_PDEATHSIG, &death_signal_) != 0) return;
  dumpable_ = prctl(PR_GET_DUMPABLE);
  if (dumpable_ < 0) return;
  uid_before_ = file_uid();
  gid_before_ = file_gid();
  changed_ = true;
  taken_ = set_file_gid(static_cast<int>(getgid())) && set_file_uid(static_cast<int>(getuid()));
}

bool CallerRights::give_back() noexcept {
  bool whole = true;
  if (changed_) {
    whole = set_file_uid(uid_before_);
    whole = set_file_gid(gid_before_) && whole;
    int death_signal = 0;
    if (prctl(PR_GET_PDEATHSIG, &death_signal) != 0 || death_signal != death_signal_) {
      whole = prctl(PR_SET_PDEATHSIG, death_signal_) == 0 && whole;
    }
    if (prctl(PR_GET_DUMPABLE) != dumpable_) {
      whole = prctl(PR_SET_DUMPABLE, dumpable_) == 0 && whole;
    }
  }
  changed_ = taken_ = false;
  if (blocked_) whole = pthread_sigmask(SIG_SETMASK, &mask_, nullptr) == 0 && whole;
  blocked_ = false;
  return whole;
}

}  // namespace stepup::pam_stepup
