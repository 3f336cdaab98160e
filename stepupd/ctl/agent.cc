// SPDX-License-Identifier: ISC
#include "stepupd/ctl/agent.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string_view>
#include <utility>

namespace stepup::ctl {

AgentConnection connect_to_agent() {
  using wire::AgentOutcome;
  const char* const named = getenv("SSH_AUTH_SOCK");  // NOLINT(concurrency-mt-unsafe): one thread
  if (named == nullptr || *named == '\0') return {};
  const std::string_view path = named;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {AgentOutcome::Unfit, {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // SAFETY: connect(2) takes every address family through sockaddr.
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return {AgentOutcome::Unreachable, {}};
  }
  return {AgentOutcome::Connected, std::move(fd)};
}

}  // namespace stepup::ctl
