// SPDX-License-Identifier: ISC
// Whether somebody who asks sits at this host, so that a security key plugged into it may be asked
// for a touch (ARCHITECTURE section 11, Local keys).  It decides what is offered, never what is
// granted.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "stepupd/session/asker.h"

namespace stepup::session {

// What logind knows of one login session.
struct LoginPlace {
  std::optional<bool> remote;  // nullopt = it cannot tell
  bool has_seat = false;
};

struct KeyPlace {
  bool rhost_is_set = false;         // PAM_RHOST
  bool has_sshd_ancestor = true;     // or its ancestors could not be read
  std::optional<LoginPlace> own;     // the login session of the process; nullopt = none
  std::vector<LoginPlace> subjects;  // every login session of the subject; none read = empty
  std::vector<LoginPlace> askers;    // of the real uid of the process; of root = empty
};

// Unknown counts as remote, and so does a session without a seat: a job of cron gets one by su, and
// remote desktops have them.  In a login session: that must be local.  Outside of any (a polkit
// helper, a terminal under user@.service): the subject must have login sessions, all local, and so
// must whoever runs the process: with polkit, one user has another's factor asked for.  For whom a
// process of root asks there, nobody can tell.  Pure.
[[nodiscard]] bool offers_local_key(const KeyPlace& place);

// Whether logind knows a seat of the login session with this name.
[[nodiscard]] bool has_seat(const char* session);

// Whether process `pid` or one above it is an sshd; nullopt when they could not all be read.
[[nodiscard]] std::optional<bool> has_sshd_ancestor(pid_t pid);

// Reads the place of `asker`, who is process `pid`, and of the login sessions of `subject`.
[[nodiscard]] KeyPlace read_key_place(pid_t pid, const Asker& asker, uid_t subject,
                                      const std::string& rhost);

}  // namespace stepup::session
