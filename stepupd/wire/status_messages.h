// SPDX-License-Identifier: ISC
// The messages of control.sock about how things stand: for this session, and for the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/terms.h"
#include "stepupd/wire/control_terms.h"
#include "stepupd/wire/messages.h"

namespace stepup::wire {

inline constexpr std::size_t kMaxDigest = 64;  // SHA-256 in hex
inline constexpr std::size_t kMaxMethods = 16;

// What this session has proved and which rules are in force.
struct StatusRequest {
  static constexpr auto kType = MessageType::StatusRequest;
  bool operator==(const StatusRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self&, Archive&) {}
};

// One grant that reaches the asking process.
struct GrantRow {
  Level level = Level::None;
  FactorKind factor = FactorKind::Totp;
  Scope scope = Scope::Process;
  std::uint64_t age_seconds = 0;
  bool operator==(const GrantRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.level);
    a.choice(m.factor);
    a.choice(m.scope);
    a.number(m.age_seconds);
  }
};

struct RuleRow {
  std::string name;
  std::string demand;  // "otp within 15min, scope session"
  std::string origin;  // file:line
  bool enforced = true;
  bool operator==(const RuleRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.name, kMaxName);
    a.text(m.demand, kMaxText);
    a.text(m.origin, kMaxText);
    a.flag(m.enforced);
  }
};

// How the asking process's session was logged in to.
struct LoginRow {
  std::uint32_t uid = kNoUid;        // who logged in
  std::string service;               // PAM_SERVICE
  std::string source;                // PAM_RHOST; empty = not told
  std::string tty;                   // PAM_TTY
  std::vector<std::string> methods;  // "publickey", "password", ...; empty = unknown
  std::vector<std::string> amr;      // the same as values of RFC 8176
  Level level = Level::None;         // what it proved and has not lost since
  std::uint64_t age_seconds = 0;     // of that proof, or of the login
  bool operator==(const LoginRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.uid);
    a.text(m.service, kMaxName);
    a.text(m.source, kMaxName);
    a.text(m.tty, kMaxName);
    a.list(m.methods, kMaxMethods, [](auto& method, auto& in) { in.text(method, kMaxName); });
    a.list(m.amr, kMaxMethods, [](auto& value, auto& in) { in.text(value, kMaxName); });
    a.choice(m.level);
    a.number(m.age_seconds);
  }
};

// What the asker's user has done in the asking process's session since stepupd began.
struct SessionActivity {
  std::uint64_t commands = 0;      // that stepupd was asked about
  std::uint64_t refused = 0;       // of them
  std::uint64_t idle_seconds = 0;  // since the last one; 0 when there was none
  bool operator==(const SessionActivity&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.commands);
    a.number(m.refused);
    a.number(m.idle_seconds);
  }
};

struct StatusReport {
  static constexpr auto kType = MessageType::StatusReport;
  std::string daemon_version;
  std::string session;  // "login session 3, /dev/pts/0"
  std::vector<GrantRow> grants;
  std::vector<RuleRow> rules;
  std::vector<std::string> remarks;  // stale rules, monitor mode, "no rule matches sudo: ..."
  std::string rules_digest;          // of the files in force; empty = no rules
  std::optional<LoginRow> login;     // absent = not reported
  SessionActivity activity = {};
  bool operator==(const StatusReport&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.daemon_version, kMaxName);
    a.text(m.session, kMaxText);
    a.list(m.grants, kMaxRows, [](auto& row, auto& in) { GrantRow::fields(row, in); });
    a.list(m.rules, kMaxRows, [](auto& row, auto& in) { RuleRow::fields(row, in); });
    a.list(m.remarks, kMaxRows, [](auto& remark, auto& in) { in.text(remark, kMaxText); });
    a.text(m.rules_digest, kMaxDigest);
    a.maybe(m.login, [](auto& row, auto& in) { LoginRow::fields(row, in); });
    SessionActivity::fields(m.activity, a);
  }
};

}  // namespace stepup::wire
