// SPDX-License-Identifier: ISC
// The grants and logins of this boot: never on a disk, so that a reboot forgets them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/grant_memory.h"
#include "stepupd/daemon/login_book.h"
#include "stepupd/daemon/source_reuse.h"
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

// What a request that is under way stands on: that nothing of its subject, in its login session, is
// forgotten before it has ended.
class Ground {
 public:
  Ground() = default;  // holds for ever
  [[nodiscard]] bool holds() const noexcept { return !known_ || known_->holds; }

 private:
  friend class GrantLedger;
  struct Known {
    uid_t subject;
    SessionKey session;
    bool holds = true;
  };
  explicit Ground(std::shared_ptr<Known> known) : known_(std::move(known)) {}
  std::shared_ptr<Known> known_;
};

class GrantLedger {
 public:
  // Begins with what `memory` found, and keeps every change in it.
  void adopt(GrantMemory memory);

  // All grants of a subject.  Valid until the ledger is changed.
  [[nodiscard]] std::span<const policy::Grant> of(uid_t subject) const;

  // Every grant there is, in no particular order.
  [[nodiscard]] std::vector<policy::Grant> all() const;

  // Records a grant.  One that it makes useless (same place, no stronger, older) goes.
  void add(const policy::Grant& grant);

  // Remembers, for max_idle, that a request of a process at `here` was granted now.
  void note_use(const Coordinates& here, BootTime now);

  void add_one_shot(OneShot shot, Level level, FactorKind factor, BootTime now);
  // Whether `shot` was granted at the level of `demand` or above, and by a factor that counts
  // there, within 60 s; it is used up then.
  [[nodiscard]] bool take_one_shot(const OneShot& shot, const policy::Demand& demand, BootTime now);

  // After a cancelled or timed-out attempt, or one without a right code, the same process is not
  // asked again.
  void refuse_process(const Coordinates& where, BootTime now);
  [[nodiscard]] bool is_refused(const Coordinates& where, BootTime now);

  // Logins, and what was asked for on the way into one: see LoginBook.
  void note_login_proof(LoginAttempt attempt, const LoginProof& proof) {
    logins_.note_proof(std::move(attempt), proof);
  }
  bool open_login(Login login) { return logins_.open(std::move(login), memory_); }
  [[nodiscard]] const LoginBook& logins() const noexcept { return logins_; }
  // The session has ended, and its login with all that was proved in it.
  void close_session(const SessionKey& session);

  // While nobody can tell which sessions have ended (session_watch.h): what was proved before `now`
  // counts for nothing, until it is taken back or forgotten.
  void set_aside(BootTime now);
  void take_back();
  void forget_what_is_aside();
  [[nodiscard]] bool is_aside(const Login& login) const noexcept {
    return aside_since_ && login.at < *aside_since_;
  }
  // Closes those sessions of logind's that something was proved in and that are not in `open`.
  void close_sessions_but(std::vector<SessionKey> open);

  // What logins over ssh from one source proved.
  [[nodiscard]] SourceReuse& sources() noexcept { return sources_; }
  [[nodiscard]] const SourceReuse& sources() const noexcept { return sources_; }

  // Whether there is neither a grant nor a login.
  [[nodiscard]] bool empty() const noexcept;

  [[nodiscard]] Ground ground(uid_t subject, const SessionKey& session);

  // Each ends grants, what logins proved, one-shots and grounds alike, and is in the memory before
  // it returns.
  void forget_session(const SessionKey& session);  // whoever holds something in it
  void forget_session(const SessionKey& session, uid_t subject);
  void forget_subject(uid_t subject);
  void forget_all();
  // Forgets everything when the host has slept since this was last asked, also by the stepupd
  // before this one: whoever closed the lid went away.  `suspended`: suspended_since_boot().
  bool forget_if_slept(BootTime suspended);

 private:
  struct TimedShot {
    OneShot shot;
    Level level;
    FactorKind factor;
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
  // `goes`: of (subject, session).
  template <typename Predicate>
  void forget_if(Predicate goes);

  GrantMemory memory_;
  LoginBook logins_;
  SourceReuse sources_;
  std::map<uid_t, Shelf> shelves_;
  std::map<uid_t, Shelf> aside_;
  std::optional<BootTime> aside_since_;
  std::vector<TimedShot> one_shots_;
  std::vector<std::weak_ptr<Ground::Known>> grounds_;
  std::vector<Refused> refused_;
};

}  // namespace stepup::daemon
