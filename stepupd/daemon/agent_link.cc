// SPDX-License-Identifier: ISC
#include "stepupd/daemon/agent_link.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>

namespace stepup::daemon {
namespace {

bool has_option(int fd, int name, int want) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 && value == want;
}

}  // namespace

Status check_agent(int fd, uid_t uid) {
  if (!has_option(fd, SO_DOMAIN, AF_UNIX) || !has_option(fd, SO_TYPE, SOCK_STREAM)) {
    return failure(Errc::Untrusted, "what was handed over is no connection to an agent");
  }
  ucred listener{};
  socklen_t size = sizeof listener;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0 || listener.pid <= 0 ||
      listener.uid != uid) {
    return failure(Errc::Untrusted, "the agent that was handed over is another user's");
  }
  return {};
}

Status AgentLink::start(sd_event* loop, UniqueFd fd) {
  fd_ = std::move(fd);
  auto started = source_.start(loop, fd_.get(), EPOLLIN, [this](std::uint32_t) { receive(); });
  source_.enable(false);
  if (started) {
    started = deadline_.start(loop, [this] { finish(AgentReply::Kind::TimedOut); });
  }
  return started;
}

// Returns whether there is an answer to wait for.
bool AgentLink::send(std::span<const std::uint8_t> request, BootTime within) {
  asked_at_ = boot_now();
  if (!fd_) {
    finish(AgentReply::Kind::Cancelled);
    return false;
  }
  ssize_t sent = 0;
  do {
    sent = ::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  // A request is far smaller than the buffer of a socket: where it does not fit, nobody reads.
  if (sent < 0 || static_cast<std::size_t>(sent) != request.size()) {
    finish(AgentReply::Kind::Broken);
    return false;
  }
  reader_ = {};
  source_.enable(true);
  deadline_.arm(within);
  return true;
}

void AgentLink::receive() {
  std::array<std::uint8_t, 16 * 1024> piece;
  const ssize_t n = recv(fd_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return finish(AgentReply::Kind::Broken);
  using State = factor::AgentAnswerReader::State;
  switch (reader_.feed(std::span(piece).first(static_cast<std::size_t>(n)))) {
    case State::NeedsMore: return;
    case State::Malformed: return finish(AgentReply::Kind::Broken);
    case State::Whole: return finish(AgentReply::Kind::Whole);
  }
}

void AgentLink::cancel() {
  if (fd_) finish(AgentReply::Kind::Cancelled);
}

void AgentLink::finish(AgentReply::Kind kind) {
  source_.enable(false);
  deadline_.disarm();
  reply_ = {kind, {}, boot_now() - asked_at_};
  if (kind == AgentReply::Kind::Whole) {
    reply_.answer.assign(reader_.answer().begin(), reader_.answer().end());
  } else {
    fd_.reset();  // what may still come belongs to no question
  }
  reader_ = {};
  // Last: whoever is woken may destroy this object.
  if (waiter_) std::exchange(waiter_, nullptr).resume();
}

}  // namespace stepup::daemon
