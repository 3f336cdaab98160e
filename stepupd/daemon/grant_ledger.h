// SPDX-License-Identifier: ISC
// The grants of this boot: never on a disk, so that a reboot forgets them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "stepupd/daemon/grant_memory.h"
#include "stepupd/policy/decide.h"

namespace stepup::daemon {

// What one process was granted in its auth phase, for its account phase: bound to everything about
// the request, because a process survives exec and could run a second sudo.
struct OneShot {
  Coordinates where;
  std::string service;
  std::string target_user;
  std::string command_digest;
  bool operator==(const OneShot&) const = default;
};

class GrantLedger {
 public:
  // Begins with the grants that `memory` found, and keeps every change in it.
  void adopt(GrantMemory memory);

  // All grants of a subject.  Valid until the ledger is changed.
  [[nodiscard]] std::span<const policy::Grant> of(uid_t subject) const;

  // Every grant there is, in no particular order.
  [[nodiscard]] std::vector<policy::Grant> all() const;

  // Records a grant.  One that it makes useless (same place, no stronger, older) goes.
  void add(const policy::Grant& grant);

  void add_one_shot(OneShot shot, Level level, BootTime now);
  // Whether `shot` was granted at `level` or above within 60 s; it is used up then.
  [[nodiscard]] bool take_one_shot(const OneShot& shot, Level level, BootTime now);

  // After a cancelled or timed-out attempt, or one without a right code, the same process is not
  // asked again.
  void refuse_process(const Coordinates& where, BootTime now);
  [[nodiscard]] bool is_refused(const Coordinates& where, BootTime now);

  // Changes whenever something of this subject's is forgotten: what a dialogue based on an earlier
  // value must not be carried out.
  [[nodiscard]] std::uint64_t epoch(uid_t subject) const;

  // Each is in the memory before it returns.
  void forget_session(const SessionKey& session);
  void forget_subject(uid_t subject);
  void forget_credential(uid_t subject, std::int64_t credential_id);
  void forget_all();
  // Forgets everything when the host has slept since this was last asked, also by the stepupd
  // before this one: whoever closed the lid went away.  `suspended`: suspended_since_boot().
  bool forget_if_slept(BootTime suspended);

 private:
  struct TimedShot {
    OneShot shot;
    Level level;
    BootTime auth_time;
  };
  struct Refused {
    pid_t process;
    std::uint64_t process_start;
    BootTime until;
  };

  // The grants of one subject; `slots` holds where each is kept, in the same order.
  struct Shelf {
    std::vector<policy::Grant> grants;
    std::vector<GrantMemory::Slot> slots;
  };

  template <typename Predicate>
  void drop_if(Shelf& shelf, Predicate goes);

  GrantMemory memory_;
  std::map<uid_t, Shelf> shelves_;
  std::map<uid_t, std::uint64_t> epochs_;
  std::uint64_t common_epoch_ = 0;
  std::vector<TimedShot> one_shots_;
  std::vector<Refused> refused_;
};

}  // namespace stepup::daemon
