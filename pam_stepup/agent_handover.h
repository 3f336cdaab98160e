// SPDX-License-Identifier: ISC
// The connection to an ssh agent that stepupd is handed (ARCHITECTURE section 11, Agent hand-over).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/messages.h"

namespace stepup::pam_stepup {

struct AgentConnection {
  wire::AgentOutcome outcome = wire::AgentOutcome::Absent;
  UniqueFd fd;  // if Connected: a stream to a process that ran as the caller when it listened
};

// Connects, with the rights of whoever called this program (its real uid), to the agent that
// SSH_AUTH_SOCK named when the program began.  Where nobody answers there, as in a tmux that has
// outlived its ssh connection, the newest agent of the caller's that listens in the same login
// session takes its place.  Never waits, and sends nothing.  Fails with Internal when the rights
// of the program could not be put back: then it must go no further.
//
// For sudo, su and doas alone: only there the real uid is the caller's.
[[nodiscard]] Result<AgentConnection> connect_to_agent();

// -- Pure, for tests --

// Input is untrusted: the caller chose it.  The path in SSH_AUTH_SOCK of the bytes of
// /proc/PID/environ; empty when there is none that could lead to a socket.
[[nodiscard]] std::string agent_path(std::string_view environ);

// Whether the way to `path` is on file systems that answer at once, by the text of
// /proc/self/mountinfo.  A server or a daemon behind nfs, cifs, fuse or autofs could keep root
// waiting.  Only for a path without symbolic links.
[[nodiscard]] bool answers_at_once(std::string_view mountinfo, std::string_view path);

// Whether two processes, whose /proc/PID/cgroup these are, are in the same login session of `uid`;
// no when it cannot be told.
[[nodiscard]] bool same_login_session(std::string_view one, std::string_view other, uid_t uid);

}  // namespace stepup::pam_stepup
