// SPDX-License-Identifier: ISC
#include "pam_stepup/request_builder.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "stepupd/base/unique_fd.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

namespace stepup::pam_stepup {
namespace {

// An item of text; empty when it is not set.
std::string item(const pam_handle_t* pamh, int type) {
  const void* value = nullptr;
  if (pam_get_item(pamh, type, &value) != PAM_SUCCESS || value == nullptr) return {};
  // SAFETY: service, user, tty and rhost are strings (pam_get_item(3)).
  return static_cast<const char*>(value);
}

bool has_authtok(const pam_handle_t* pamh) {
  const void* value = nullptr;
  return pam_get_item(pamh, PAM_AUTHTOK, &value) == PAM_SUCCESS && value != nullptr;
}

// How somebody logged in, as sshd alone says it.  In another program the same name could come from
// a file in that person's home, which pam_env(8) may read.
std::optional<std::string> ssh_auth_info(pam_handle_t* pamh) {
  const char* const info = pam_getenv(pamh, "SSH_AUTH_INFO_0");
  if (info == nullptr) return std::nullopt;
  const auto exe = read_exe();
  if (!exe || !is_sshd(*exe)) return std::nullopt;
  std::string text = info;
  if (text.size() > wire::kMaxAuthInfo) return std::nullopt;
  return text;
}

// Whoever connected to the standard input of polkit's agent helper, where that is a service, which
// PID 1 starts (polkit 127 and later).  A helper that is set-uid root has its caller's real uid,
// and its caller could give it any socket.
std::optional<std::uint32_t> read_requester(const std::string& service) {
  if (service != "polkit-1" || getuid() != 0) return std::nullopt;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) {
    return std::nullopt;
  }
  int raw = -1;
  size = sizeof raw;
  if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERPIDFD, &raw, &size) != 0) return std::nullopt;
  const UniqueFd pidfd(raw);
  pollfd ended{pidfd.get(), POLLIN, 0};
  if (poll(&ended, 1, 0) != 0) return std::nullopt;
  return static_cast<std::uint32_t>(peer.pid);
}

}  // namespace

Result<wire::CheckRequest> build_request(pam_handle_t* pamh, wire::Phase phase) {
  auto request = describe_own_process();
  if (!request) return request;
  request->phase = phase;
  request->service = item(pamh, PAM_SERVICE);
  request->pam_user = item(pamh, PAM_USER);
  if (request->service.empty() || request->pam_user.empty()) {
    return failure(Errc::Internal, "PAM_SERVICE or PAM_USER is not set");
  }
  request->rhost_hint = item(pamh, PAM_RHOST);
  request->tty_hint = item(pamh, PAM_TTY);
  if (const auto account = account_named(request->pam_user)) {
    request->pam_user_uid = account->uid;
    // With sudo and doas PAM_USER says nothing that stepupd does not know from the kernel.
    const bool counts =
        request->program == wire::Program::Other || request->program == wire::Program::Su;
    if (counts) request->groups = groups_of(*account);
  }
  request->requester = read_requester(request->service);
  request->ssh_auth_info = ssh_auth_info(pamh);
  request->has_authtok = has_authtok(pamh);
  return request;
}

}  // namespace stepup::pam_stepup
