// SPDX-License-Identifier: ISC
#include "stepupd/session/login_origin.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "stepupd/session/local_key.h"

namespace stepup::session {

LoginOrigin login_origin(const OriginFacts& facts) {
  if (!facts.rhost.empty()) return {true, facts.rhost};
  if (facts.session_remote == true) return {true, facts.session_host};
  // A local session may have been logged into from elsewhere since, by an sshd of its own.
  if (facts.has_sshd_ancestor == true) return {true, {}};
  if (!facts.has_sshd_ancestor) return {std::nullopt, {}};
  // A session that cron or systemd-run made may be anybody's, from anywhere.
  if (!facts.session_has_seat) return {std::nullopt, {}};
  return {facts.session_remote, {}};
}

LoginOrigin read_login_origin(pid_t pid, const Asker& asker, const std::string& rhost) {
  OriginFacts facts;
  facts.rhost = rhost;
  facts.has_sshd_ancestor = has_sshd_ancestor(pid);
  if (const char* session = asker.login_session.c_str(); *session != '\0') {
    if (const int r = sd_session_is_remote(session); r >= 0) facts.session_remote = r > 0;
    if (facts.session_remote == true) {
      char* raw = nullptr;
      const bool known = sd_session_get_remote_host(session, &raw) >= 0;
      const std::unique_ptr<char, decltype(&free)> host(raw, &free);
      if (known) facts.session_host = raw;
    } else {
      facts.session_has_seat = has_seat(session);
    }
  }
  return login_origin(facts);
}

std::optional<std::string> terminal_name(dev_t tty) {
  if (major(tty) >= 136 && major(tty) <= 143) {  // Unix98 pty slaves, which sysfs does not list
    return "pts/" + std::to_string((major(tty) - 136) * 256 + minor(tty));
  }
  const std::string link =
      "/sys/dev/char/" + std::to_string(major(tty)) + ':' + std::to_string(minor(tty));
  char target[PATH_MAX];
  const ssize_t size = readlink(link.c_str(), target, sizeof target);
  if (size <= 0) return std::nullopt;
  const std::string_view path(target, static_cast<std::size_t>(size));
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace stepup::session
