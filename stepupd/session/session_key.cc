// SPDX-License-Identifier: ISC
#include "stepupd/session/session_key.h"

#include <charconv>

namespace stepup::session {

SessionKey key_of_login_session(std::string_view name) {
  const bool counted = name.starts_with('c');
  if (counted) name.remove_prefix(1);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return {};
  // The letter tells the two kinds of number apart.
  if (counted) return {SessionKey::Kind::Logind, number | 1ULL << 32};
  return {SessionKey::Kind::Audit, number};
}

KeyAndReach session_key(const SessionFacts& facts) {
  using Kind = SessionKey::Kind;
  const auto audit_key = [&]() -> SessionKey {
    if (!facts.audit_session) return {Kind::None, 0};
    return {Kind::Audit, *facts.audit_session};
  };
  if (!facts.logind_runs) {
    return {audit_key(), facts.audit_session ? Scope::Session : Scope::Tty};
  }
  // Every session of the user can put a process under the manager, so it is nobody's session.
  if (facts.cgroup.manager)
    return {
        {Kind::Manager, *facts.cgroup.manager},
        Scope::Tty
    };
  if (facts.cgroup.login_session.empty()) return {audit_key(), Scope::Tty};

  SessionKey key = audit_key();
  if (key.kind == Kind::None) {
    key = key_of_login_session(facts.cgroup.login_session);
    if (key.kind == Kind::None) return {key, Scope::Tty};
    key.kind = Kind::Logind;
  }
  // What lingers after logout must not be mistaken for the session that proved something.
  return {key, facts.state == LoginSessionState::Open ? Scope::Session : Scope::Tty};
}

}  // namespace stepup::session
