// SPDX-License-Identifier: ISC
#include "tests/bench/caller.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/packet.h"

namespace stepup::bench {
namespace {

// Whether `reply` is the verdict Granted, or the request itself, as the probes answer.
bool is_good(const Bytes& reply, const Bytes& request) {
  if (reply == request) return true;
  auto packet = wire::split(SecretBytes(std::span(reply)));
  if (!packet || packet->header.type != wire::MessageType::Verdict) return false;
  const auto verdict = wire::decode<wire::Verdict>(*packet);
  return verdict && verdict->code == wire::VerdictCode::Granted;
}

}  // namespace

void give_up(const std::string& what) {
  (void)fprintf(stderr, "%s%s%s\n", what.c_str(), errno != 0 ? ": " : "",
                errno != 0 ? strerrordesc_np(errno) : "");
  exit(EXIT_FAILURE);
}

int number(const char* word) {
  char* end = nullptr;
  const long value = strtol(word, &end, 10);
  if (*word == '\0' || *end != '\0' || value < 0) give_up(std::string("not a number: ") + word);
  return static_cast<int>(value);
}

std::int64_t now_ns() {
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

uid_t uid_of(const std::string& user) {
  errno = 0;
  const passwd* account = getpwnam(user.c_str());
  if (account == nullptr) give_up("no user " + user);
  return account->pw_uid;
}

void become_sudo_of(const std::string& user) {
  if (setresuid(uid_of(user), 0, 0) != 0) give_up("setresuid");
}

Bytes request_of(const std::string& user) {
  wire::CheckRequest request;
  request.phase = wire::Phase::Account;
  request.program = wire::Program::Sudo;
  request.service = "sudo";
  request.pam_user = user;
  request.pam_user_uid = uid_of(user);
  request.caller = user;
  request.tty_hint = "/dev/pts/0";
  request.argv = {"sudo", "id"};
  request.clock = wire::ClockState::Synchronised;
  const auto packet = wire::encode({}, request);
  if (!packet) give_up("the request cannot be encoded");
  return {packet->view().begin(), packet->view().end()};
}

void round_trip(const std::string& socket_path, const Bytes& request) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) give_up("socket path too long");
  socket_path.copy(address.sun_path, socket_path.size());
  const UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  // SAFETY: connect(2) takes every address family through sockaddr.
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    give_up("connect to " + socket_path);
  }
  if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) give_up("send");
  Bytes reply(1024);
  const ssize_t n = recv(fd.get(), reply.data(), reply.size(), 0);
  if (n < 0) give_up("recv");
  reply.resize(static_cast<std::size_t>(n));
  if (!is_good(reply, request)) give_up(socket_path + " did not grant");
}

}  // namespace stepup::bench
