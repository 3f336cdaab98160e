// SPDX-License-Identifier: ISC
// The messages of control.sock about grants: to obtain, list and forget them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/coordinates.h"
#include "stepupd/base/terms.h"
#include "stepupd/wire/control_terms.h"
#include "stepupd/wire/messages.h"

namespace stepup::wire {

inline constexpr std::size_t kMaxSessionRows = 1000;

// Step up now.  `session`: let the grant reach the whole login session, where conf allows it.
struct VerifyRequest {
  static constexpr auto kType = MessageType::VerifyRequest;
  bool session = false;
  bool operator==(const VerifyRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.flag(m.session);
  }
};

// May this command, over an SSH connection that is open, go on?
struct GateRequest {
  static constexpr auto kType = MessageType::GateRequest;
  std::string command;  // SSH_ORIGINAL_COMMAND, a hint; empty = a login shell
  bool command_truncated = false;
  bool operator==(const GateRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.command, kMaxArgvBytes);
    a.flag(m.command_truncated);
  }
};

// Which grants live.  An empty `user` means everybody to root, and the caller to others.
struct SessionsRequest {
  static constexpr auto kType = MessageType::SessionsRequest;
  std::string user;
  bool operator==(const SessionsRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
  }
};

// Forget grants: those of `user`, of one session, or all of this host.
struct RevokeRequest {
  static constexpr auto kType = MessageType::RevokeRequest;
  std::string user;                   // empty = the caller
  bool all = false;                   // everybody's, whatever the rest says; needs root
  std::optional<SessionKey> session;  // everybody's in it for root, else the caller's
  bool operator==(const RevokeRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.flag(m.all);
    a.maybe(m.session, [](auto& key, auto& in) { session_key(key, in); });
  }
};

// One grant, and where it was obtained.
struct SessionRow {
  std::uint32_t uid = kNoUid;  // whose
  SessionKey session;
  std::string tty;           // "pts/0"; empty = none
  std::uint32_t leader = 0;  // pid of the POSIX session's leader
  Level level = Level::None;
  FactorKind factor = FactorKind::Totp;
  Scope scope = Scope::Process;
  std::uint64_t age_seconds = 0;
  bool operator==(const SessionRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.uid);
    session_key(m.session, a);
    a.text(m.tty, kMaxName);
    a.number(m.leader);
    a.choice(m.level);
    a.choice(m.factor);
    a.choice(m.scope);
    a.number(m.age_seconds);
  }
};

struct SessionList {
  static constexpr auto kType = MessageType::SessionList;
  std::vector<SessionRow> sessions;  // the newest grants first
  std::uint64_t total = 0;           // how many there are, with those that found no room here
  bool operator==(const SessionList&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.list(m.sessions, kMaxSessionRows, [](auto& row, auto& in) { SessionRow::fields(row, in); });
    a.number(m.total);
  }
};

}  // namespace stepup::wire
