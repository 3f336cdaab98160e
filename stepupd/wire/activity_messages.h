// SPDX-License-Identifier: ISC
// The messages of control.sock about what was decided lately.
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

inline constexpr std::size_t kMaxArguments = 4096;

// What was decided lately, oldest first.  An empty `user` means everybody to root and
// administrators, and the caller to others; another name needs to be one of them.
struct LogRequest {
  static constexpr auto kType = MessageType::LogRequest;
  std::string user;
  std::optional<SessionKey> session;
  std::int64_t since = 0;   // Unix seconds
  std::uint64_t after = 0;  // id of the last row that is known already
  bool operator==(const LogRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.maybe(m.session, [](auto& key, auto& in) { session_key(key, in); });
    a.number(m.since);
    a.number(m.after);
  }
};

// One decision.
struct ActivityRow {
  std::uint64_t id = 0;  // grows
  std::int64_t at = 0;   // Unix seconds
  std::string user;      // whose factor counted
  std::uint32_t uid = kNoUid;
  SessionKey session;
  std::string tty;          // "pts/0"; empty = none
  std::string service;      // the family
  std::string phase;        // as in the journal
  std::string target_user;  // empty = not known
  std::string command;      // basename; empty = not known
  std::string digest;       // keyed, of the whole command line
  std::string arguments;    // only where stepupd.conf asks for them
  std::string verdict;      // as in the journal, with the next three
  std::string reason;
  std::string rules;
  std::string factor;
  bool operator==(const ActivityRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.id);
    a.number(m.at);
    a.text(m.user, kMaxName);
    a.number(m.uid);
    session_key(m.session, a);
    a.text(m.tty, kMaxName);
    a.text(m.service, kMaxName);
    a.text(m.phase, kMaxName);
    a.text(m.target_user, kMaxName);
    a.text(m.command, kMaxName);
    a.text(m.digest, kMaxName);
    a.text(m.arguments, kMaxArguments);
    a.text(m.verdict, kMaxName);
    a.text(m.reason, kMaxName);
    a.text(m.rules, kMaxText);
    a.text(m.factor, kMaxName);
  }
};

struct ActivityReport {
  static constexpr auto kType = MessageType::ActivityReport;
  std::vector<ActivityRow> rows;
  bool more = false;  // ask for those after the last of these
  bool operator==(const ActivityReport&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.list(m.rows, kMaxRows, [](auto& row, auto& in) { ActivityRow::fields(row, in); });
    a.flag(m.more);
  }
};

}  // namespace stepup::wire
