// SPDX-License-Identifier: ISC
// The logins of the sessions that are open, and what stepup asked for on the way into one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/daemon/grant_memory.h"
#include "stepupd/daemon/login.h"

namespace stepup::daemon {

// Which attempt to log in a factor was asked in.  sshd has PAM ask in a child of the process that
// will open the session, so either may be the one that reports it.
struct LoginAttempt {
  uid_t subject = kNoUid;
  std::string service;
  pid_t process = 0;
  std::uint64_t process_start = 0;
  pid_t parent = 0;  // 0: another process counts for nothing
  std::uint64_t parent_start = 0;
};

class LoginBook {
 public:
  void adopt(std::vector<GrantMemory::Kept<Login>> found);

  // Remembers what was proved in an attempt, for the session that follows it within two minutes.
  void note_proof(LoginAttempt attempt, const LoginProof& proof);

  // Enters `login` with what was proved on the way.  False when the session has one: the first
  // counts, so that nobody who opens a session within a session raises it.
  bool open(Login login, GrantMemory& memory);

  // Null when there is none.  Valid until the book is changed.
  [[nodiscard]] const Login* find(const SessionKey& session) const;
  [[nodiscard]] std::vector<Login> all() const;
  [[nodiscard]] bool empty() const noexcept { return open_.empty(); }

  // What those proved, of whom `goes` says so, counts no more.  How they logged in stays known.
  void end_if(const std::function<bool(uid_t subject, const SessionKey&)>& goes,
              GrantMemory& memory);

  void close(const SessionKey& session, GrantMemory& memory);

 private:
  struct Entry {
    Login login;
    GrantMemory::Slot slot = 0;
  };
  struct Attempted {
    LoginAttempt attempt;
    LoginProof proof;
  };
  std::optional<LoginProof> take_proof(const Login& login);

  std::map<SessionKey, Entry> open_;
  std::vector<Attempted> attempts_;
};

}  // namespace stepup::daemon
