// SPDX-License-Identifier: ISC
// The journal records (stepupd(8), JOURNAL).  The only place below main that logs.  No field ever
// carries a code, a secret, a ticket or a full argument list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stepupd/base/coordinates.h"
#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/journal_queue.h"
#include "stepupd/daemon/login.h"

namespace stepup::daemon::audit {

// While one lives, records wait in a queue and a thread sends them, so that a journald that hangs
// holds up nobody; without one each is sent at once.  Requires that signals are blocked, that the
// process has the rights it will keep, that it is the only one, and that it outlives every other
// thread that logs.
class Sender {
 public:
  Sender();
  ~Sender();  // waits a little for what is queued
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

 private:
  JournalQueue queue_;
};

// One decision about a privileged command.
struct DecisionRecord {
  const char* verdict = "";  // wire verdict in words
  const char* reason = "";   // why, for the auditor
  std::string service;
  std::string phase;
  Subject subject;
  std::string target_user;
  std::string command;         // basename of the program, never its arguments
  std::string command_digest;  // keyed, or a short command could be guessed from it
  std::string rules;           // names of the rules that matched
  std::string rules_digest;
  std::string login_session;
  std::optional<std::uint32_t> login_uid;  // a hint: a process with it unset may set it
  uid_t counts_for = kNoUid;  // whose share of the journal it takes; root's has no bound
  Coordinates where;
  Level demanded = Level::None;
  const char* factor = "";  // proved just now, or empty
};
void decision(const DecisionRecord& record) noexcept;

// Somebody logged in, as a session module says.
void login(const Login& login, std::string_view user) noexcept;

// One judged answer; `outcome` is "accepted", "wrong", "replayed", "locked-out", ...
void factor_judged(const Subject& subject, const char* factor, const char* outcome,
                   std::string_view label) noexcept;

// A security key failed in a way of its own; `detail` is its word, untrusted.
void key_failed(const Subject& subject, std::string_view detail) noexcept;

// A credential was added, replaced, removed, reset; a ticket was issued; who did it.
void credential_changed(const Subject& subject, const char* what, std::string_view label,
                        std::string_view actor) noexcept;

// `actor` had the grants of `of_whom` forgotten; there were `count`.
void revoked(std::string_view of_whom, std::size_t count, std::string_view actor,
             uid_t counts_for) noexcept;

// Every record from now on names the files that decide, by their digest: an auditor can tie what
// was done to a set of files.
void rules_in_force(std::string_view digest) noexcept;
void rules_loaded(std::size_t count) noexcept;
void rules_stale(std::int64_t since, std::size_t count) noexcept;
// `consequence`: "going on with the last good rules", "denying everything that asks".
void rules_bad(std::string_view problem, const char* consequence) noexcept;

// A connection that broke the protocol, or came from where none may come.
void peer_refused(pid_t pid, uid_t uid, const char* socket, const char* why) noexcept;

// Something of ours does not work: the database, /proc, the queue.
void trouble(const Error& error, const char* consequence) noexcept;

// Suspend, start, stop.
void state(std::string_view sentence) noexcept;

}  // namespace stepup::daemon::audit
