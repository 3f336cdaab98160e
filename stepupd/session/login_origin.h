// SPDX-License-Identifier: ISC
// Where the person who asks logged in from, as far as this host knows.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "stepupd/session/asker.h"

namespace stepup::session {

struct LoginOrigin {
  std::optional<bool> remote;
  std::string host;  // an address, mostly; empty = not known, or not remote
  bool operator==(const LoginOrigin&) const = default;
};

// What is known of one process; of `rhost` only for a program that logs somebody in.
struct OriginFacts {
  std::string rhost;                   // PAM_RHOST
  std::optional<bool> session_remote;  // as logind knows its login session; nullopt = none, or
  std::string session_host;            // it cannot tell
  std::optional<bool> has_sshd_ancestor;
  bool session_has_seat = false;
};

// Pure.
[[nodiscard]] LoginOrigin login_origin(const OriginFacts& facts);

// Of `asker`, who is process `pid`.
[[nodiscard]] LoginOrigin read_login_origin(pid_t pid, const Asker& asker,
                                            const std::string& rhost);

// The name of a terminal below /dev: "pts/3", "tty1"; nothing when the kernel does not tell.
[[nodiscard]] std::optional<std::string> terminal_name(dev_t tty);

}  // namespace stepup::session
