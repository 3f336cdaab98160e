// SPDX-License-Identifier: ISC
// What a step-up leaves behind, and where it holds.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/terms.h"

namespace stepup::policy {

// Which login session a process belongs to (ARCHITECTURE section 11, Session key).
struct SessionKey {
  enum class Kind : std::uint8_t {
    None,     // no session id of any kind; only a tty and its leader tell processes apart
    Audit,    // audit session id (audit_setloginuid(3)), never reused within a boot
    Logind,   // number of session-N.scope where no audit id is set
    Manager,  // user@UID.service: every session of that user can put processes there
  };
  Kind kind = Kind::None;
  std::uint64_t id = 0;
  bool operator==(const SessionKey&) const = default;
};

// Where one process stands, from the kernel.
struct Coordinates {
  uid_t subject = kNoUid;
  SessionKey session;
  Scope widest = Scope::Process;  // no grant obtained or used here reaches further
  dev_t tty = 0;                  // controlling terminal, 0 = none
  pid_t leader = 0;               // POSIX session leader
  std::uint64_t leader_start = 0;  // its start time in clock ticks: pids and ptys are reused
  pid_t process = 0;
  std::uint64_t process_start = 0;
  bool operator==(const Coordinates&) const = default;
};

struct Grant {
  Coordinates where;
  Scope scope = Scope::Process;  // under which it was obtained
  Level level = Level::None;
  FactorKind factor = FactorKind::Totp;
  std::int64_t credential_id = 0;
  BootTime auth_time{};
};

// How far `grant` could cover a process at `here` under a demand of `scope`.
[[nodiscard]] bool covers(const Grant& grant, const Coordinates& here, Scope scope) noexcept;

}  // namespace stepup::policy
