// SPDX-License-Identifier: ISC
// Which login session a process is in, and how far a grant obtained there may reach.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stepupd/base/coordinates.h"
#include "stepupd/session/proc_text.h"

namespace stepup::session {

// What logind says about a session (sd_session_get_state(3)).
enum class LoginSessionState : std::uint8_t { Open, Closing, Gone, Unknown };

struct SessionFacts {
  CgroupPlace cgroup;
  std::optional<std::uint32_t> audit_session;
  bool logind_runs = false;
  LoginSessionState state = LoginSessionState::Unknown;  // of cgroup.login_session
};

struct KeyAndReach {
  SessionKey key;
  Scope widest = Scope::Process;
  bool operator==(const KeyAndReach&) const = default;
};

// The session that logind calls `name`: it counts by the audit session, "7", or by itself, "c1".
// SessionKey::Kind::None for another name.
[[nodiscard]] SessionKey key_of_login_session(std::string_view name);

// ARCHITECTURE section 11, Session key.  Pure.
[[nodiscard]] KeyAndReach session_key(const SessionFacts& facts);

}  // namespace stepup::session
