// SPDX-License-Identifier: ISC
#include "stepupd/daemon/connection.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "stepupd/daemon/audit.h"
#include "stepupd/wire/seqpacket.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;

// PROTOCOL.md, "Deadlines".
constexpr BootTime kForRequest = 5s;
constexpr BootTime kHeartbeat = 2s;

const char* name_of(wire::Socket socket) {
  return socket == wire::Socket::Stepupd ? "stepupd.sock" : "control.sock";
}

Reply::Kind kind_of(wire::CancelReason reason) {
  switch (reason) {
    case wire::CancelReason::Interrupted: return Reply::Kind::Interrupted;
    case wire::CancelReason::EmptyAnswer: return Reply::Kind::Empty;
    case wire::CancelReason::NoConversation: return Reply::Kind::NoConversation;
    case wire::CancelReason::Unusable: return Reply::Kind::Unusable;
  }
  return Reply::Kind::Interrupted;
}

// Whether the peer has taken everything that was sent on `fd` out of our memory.
bool all_is_read(int fd) {
  int unread = 0;
  return ioctl(fd, SIOCOUTQ, &unread) == 0 && unread == 0;
}

// The command of root's that sends it.
const char* command_of(wire::MessageType type) {
  switch (type) {
    case wire::MessageType::ResetRequest: return "stepupctl reset";
    case wire::MessageType::ImportRequest: return "stepupctl import";
    default: return "stepupctl ticket";
  }
}

}  // namespace

Connection::Connection(UniqueFd fd, wire::Socket socket, session::Peer peer, Begin begin,
                       Ended ended)
    : fd_(std::move(fd)),
      socket_(socket),
      peer_(std::move(peer)),
      begin_(std::move(begin)),
      ended_(std::move(ended)),
      since_(boot_now()),
      last_heartbeat_(since_) {}

Status Connection::start(sd_event* loop) {
  return source_.start(loop, fd_.get(), EPOLLIN, [this](std::uint32_t) { receive(); });
}

void Connection::tick(BootTime now) {
  const BootTime waited = now - since_;
  switch (state_) {
    case wire::DialogueState::AwaitingRequest:
      if (waited > kForRequest) end("no request in time");
      return;
    case wire::DialogueState::AwaitingAnswer:
    case wire::DialogueState::AwaitingText:
    case wire::DialogueState::AwaitingAgent:
      if (waited > patience_) {
        resume({.kind = Reply::Kind::TimedOut});
        return;
      }
      if (!ground_.holds()) {
        resume({.kind = Reply::Kind::Interrupted});
        return;
      }
      break;
    case wire::DialogueState::Working:
      if (on_end_ && !ground_.holds()) std::exchange(on_end_, nullptr)();
      if (waited > work_limit_) {
        audit::trouble({Errc::TimedOut, 0, "the work for a request took too long"}, "denying");
        finish({wire::VerdictCode::Unavailable, {}});
        return;
      }
      break;
    case wire::DialogueState::Finished:
      // SECURITY: whoever never closes holds a place only as long as he does not read; closing
      // ahead of that would free none of the memory that he holds, and count it no more.  receive()
      // then takes what he had sent, which otherwise would reset the connection, and comes to its
      // end.
      if (all_is_read(fd_.get())) (void)shutdown(fd_.get(), SHUT_RD);
      return;
  }
  if (now - last_heartbeat_ >= kHeartbeat) {
    last_heartbeat_ = now;
    send(wire::Heartbeat{});
  }
}

void Connection::receive() {
  pid_t sender = 0;
  UniqueFd descriptor;
  const bool may_bring_one = state_ == wire::DialogueState::AwaitingAgent;
  auto bytes = wire::receive_packet(fd_.get(), &sender, may_bring_one ? &descriptor : nullptr);
  if (!bytes) {
    if (bytes.error().code == Errc::Busy) return;
    if (bytes.error().code == Errc::Closed) {
      peer_is_gone();
    } else {
      end(bytes.error().what);
    }
    return;
  }
  if (over_) return;  // waits only for the peer to go
  // Whoever inherited or was handed the descriptor is not who connected (SO_PASSCRED).
  if (sender != peer_.pid) {
    end("packet from another process than the one that connected");
    return;
  }
  auto packet = wire::split(std::move(*bytes));
  if (!packet) {
    end(packet.error().what);
    return;
  }
  accept_packet(std::move(*packet), std::move(descriptor));
}

void Connection::accept_packet(wire::Packet packet, UniqueFd descriptor) {
  const bool first = state_ == wire::DialogueState::AwaitingRequest;
  if (first) request_id_ = packet.header.request_id;
  if (packet.header.version != wire::kVersion) {
    send(wire::VersionMismatch{});
    end("a protocol version we do not speak");
    return;
  }
  const auto permission = wire::permitted(socket_, state_, packet.header.type);
  if (!permission.allowed || packet.header.request_id != request_id_) {
    end("a message that is not allowed now");
    return;
  }
  if (descriptor && packet.header.type != wire::MessageType::AgentAnswer) {
    end("a descriptor that was not asked for");
    return;
  }
  if (permission.rights == wire::Rights::Root && peer_.uid != 0) {
    audit::peer_refused(peer_.pid, peer_.uid, name_of(socket_), "a request that needs root");
    finish({
        wire::VerdictCode::Denied,
        {wire::MessageId::RefusedRights, {command_of(packet.header.type)}}
    });
    return;
  }
  if (first) {
    state_ = wire::DialogueState::Working;
    since_ = boot_now();
    running_ = true;
    driver_ = drive(begin_(*this, std::move(packet)));
    driver_.start();
  } else {
    accept_answer(packet, std::move(descriptor));
  }
}

void Connection::accept_answer(const wire::Packet& packet, UniqueFd descriptor) {
  if (packet.header.type == wire::MessageType::Answer) {
    auto answer = wire::decode<wire::Answer>(packet);
    if (!answer) return end(answer.error().what);
    resume({.kind = Reply::Kind::Answered, .answer = std::move(answer->text)});
  } else if (packet.header.type == wire::MessageType::ImportText) {
    auto piece = wire::decode<wire::ImportText>(packet);
    if (!piece) return end(piece.error().what);
    resume({.kind = Reply::Kind::Answered, .answer = std::move(piece->text)});
  } else if (packet.header.type == wire::MessageType::AgentAnswer) {
    const auto answer = wire::decode<wire::AgentAnswer>(packet);
    if (!answer) return end(answer.error().what);
    const bool connected = answer->outcome == wire::AgentOutcome::Connected;
    if (connected != static_cast<bool>(descriptor))
      return end("an agent and no descriptor, or the reverse");
    resume({.kind = Reply::Kind::Answered, .agent = std::move(descriptor)});
  } else {
    const auto cancel = wire::decode<wire::Cancel>(packet);
    if (!cancel) return end(cancel.error().what);
    if (state_ == wire::DialogueState::Working) {
      finish({wire::VerdictCode::Denied, {}});
    } else {
      resume({.kind = kind_of(cancel->reason)});
    }
  }
}

bool Connection::Asking::await_suspend(std::coroutine_handle<> dialogue) {
  connection_.state_ =
      std::holds_alternative<wire::Prompt>(question_)         ? wire::DialogueState::AwaitingAnswer
      : std::holds_alternative<wire::AgentRequest>(question_) ? wire::DialogueState::AwaitingAgent
                                                              : wire::DialogueState::AwaitingText;
  connection_.since_ = boot_now();
  connection_.patience_ = patience_;
  std::visit([this](const auto& question) { connection_.send(question); }, question_);
  if (connection_.over_) return false;
  connection_.asking_ = dialogue;
  return true;
}

void Connection::resume(Reply reply) {
  reply_ = ground_.holds() ? std::move(reply) : Reply{};
  if (!over_) state_ = wire::DialogueState::Working;
  work_limit_ = kForWork;
  since_ = boot_now();
  std::exchange(asking_, nullptr).resume();
}

Connection::EndHook::EndHook(Connection& connection, std::function<void()> hook)
    : connection_(connection) {
  if (connection.over_) {
    hook();
  } else {
    connection.on_end_ = std::move(hook);
  }
}

Task<bool> Connection::drive(Task<wire::Verdict> dialogue) {
  wire::Verdict verdict{wire::VerdictCode::Unavailable, {}};
  try {
    verdict = co_await std::move(dialogue);
  } catch (...) {
    audit::trouble({Errc::Internal, 0, "exception in a dialogue"}, "denying");
  }
  running_ = false;
  finish(verdict);
  settle();
  co_return true;
}

void Connection::finish(const wire::Verdict& verdict) {
  if (over_) return;
  send(wire::Verdict{verdict.code, translated(verdict.words)});
  end(nullptr);
}

void Connection::end(const char* why) {
  if (over_) return;
  over_ = true;
  state_ = wire::DialogueState::Finished;
  if (why != nullptr) audit::peer_refused(peer_.pid, peer_.uid, name_of(socket_), why);
  // SECURITY: on stepupd.sock a process that does not read or close must not keep a place that
  // counts for nobody.  It can still read what was sent.
  (void)shutdown(fd_.get(), kept_for_reader_ ? SHUT_WR : SHUT_RDWR);
  if (!sent_) gone_ = true;
  if (on_end_) std::exchange(on_end_, nullptr)();
  if (asking_) resume({.kind = Reply::Kind::Interrupted});
  settle();
}

void Connection::peer_is_gone() {
  gone_ = true;
  source_.enable(false);
  end(nullptr);
  settle();
}

void Connection::settle() {
  if (!gone_ || running_ || std::exchange(settled_, true)) return;
  source_.enable(false);
  ended_(*this);
}

wire::Words Connection::translated(wire::Words words) const {
  if (words.id != wire::MessageId::None) words.language = language_;  // no words have one encoding
  return words;
}

void Connection::send_encoded(const SecretBytes& packet) {
  if (over_) return;
  sent_ = true;
  const auto sent = wire::send_packet(fd_.get(), packet);
  if (!sent) end(sent.error().code == Errc::Closed ? nullptr : "a peer that does not read");
}

}  // namespace stepup::daemon
