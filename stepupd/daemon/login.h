// SPDX-License-Identifier: ISC
// How a session was logged in to, and what that proved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/coordinates.h"
#include "stepupd/base/terms.h"
#include "stepupd/factor/digest.h"
#include "stepupd/policy/grant.h"
#include "stepupd/session/asker.h"
#include "stepupd/session/ssh_auth_info.h"
#include "stepupd/wire/messages.h"

namespace stepup::daemon {

// What stepup itself asked for during the login; none = Level::None.
struct LoginProof {
  Level level = Level::None;
  FactorKind factor = FactorKind::Totp;
  std::int64_t credential_id = 0;
  BootTime auth_time{};
  bool operator==(const LoginProof&) const = default;
};

struct Login {
  Coordinates where;  // the subject and its session; the process is the one that reported it
  BootTime at{};
  std::string service;  // PAM_SERVICE
  std::string source;   // PAM_RHOST; empty = not told, which does not mean "here"
  std::string tty;      // PAM_TTY
  session::LoginMethods methods = 0;
  factor::Sha256Digest key{};  // of the public key that was proved; zeros = none
  LoginProof proof;
  bool counts = true;  // false: what it proved was ended, by a lock, a suspend, a revocation
  bool operator==(const Login&) const = default;
};

// The longest texts of a Login that are kept; a longer one is not known.
inline constexpr std::size_t kMaxLoginSource = 63;
inline constexpr std::size_t kMaxLoginName = 31;

// The login that `request`, of the phase "open session", reports.  Nothing when `asker` is in no
// session that could be recognised later, or in one that somebody else logged in to: pkexec and
// runuser(1) open sessions inside another's.
[[nodiscard]] std::optional<Login> reported_login(const wire::CheckRequest& request,
                                                  const session::Asker& asker, BootTime now);

// What `login` proved, as a grant of its session; of Level::None when it was nothing.  With
// `sk_requires_touch` the key of a security key was touched.
[[nodiscard]] policy::Grant proved_by(const Login& login, bool sk_requires_touch);

// How it was done, in the words of sshd: "publickey", "security-key", "password".
[[nodiscard]] std::vector<std::string> methods_of(const Login& login);

// The same as values of RFC 8176, section 2.
[[nodiscard]] std::vector<std::string> amr_of(const Login& login, bool sk_requires_touch);

}  // namespace stepup::daemon
