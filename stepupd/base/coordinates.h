// SPDX-License-Identifier: ISC
// Where a process stands: what a grant is bound to.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <string>

#include "stepupd/base/terms.h"

namespace stepup {

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
  auto operator<=>(const SessionKey&) const = default;
};

constexpr const char* to_string(SessionKey::Kind kind) noexcept {
  switch (kind) {
    case SessionKey::Kind::None: return "none";
    case SessionKey::Kind::Audit: return "audit";
    case SessionKey::Kind::Logind: return "logind";
    case SessionKey::Kind::Manager: return "manager";
  }
  return "?";
}

// "audit:7", as stepupctl(1) shows and takes it.
inline std::string to_string(const SessionKey& key) {
  return std::string(to_string(key.kind)) + ":" + std::to_string(key.id);
}

// Where one process stands, from the kernel.
struct Coordinates {
  uid_t subject = kNoUid;
  SessionKey session;
  Scope widest = Scope::Process;   // no grant obtained or used here reaches further
  dev_t tty = 0;                   // controlling terminal, 0 = none
  pid_t leader = 0;                // POSIX session leader
  std::uint64_t leader_start = 0;  // its start time in clock ticks: pids and ptys are reused
  pid_t process = 0;
  std::uint64_t process_start = 0;
  bool operator==(const Coordinates&) const = default;
};

}  // namespace stepup
