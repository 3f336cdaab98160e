// SPDX-License-Identifier: ISC
#include "pam_stepup/dialogue.h"

#include <string.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "pam_stepup/agent_handover.h"
#include "pam_stepup/signal_watch.h"
#include "pam_stepup/socket_trust.h"
#include "stepupd/base/boot_time.h"
#include "stepupd/wire/words.h"

namespace stepup::pam_stepup {
namespace {

using wire::CancelReason;
using wire::MessageId;
using wire::MessageType;

// More prompts and notices than any dialogue has: a daemon gone mad must not ask for ever.
constexpr int kMaxMessages = 32;

constexpr BootTime kQuickestPerson = std::chrono::milliseconds(250);

std::unexpected<Refusal> refuse(Failure failure, MessageId id, std::vector<std::string> args) {
  return std::unexpected(Refusal{
      failure, {.id = id, .args = std::move(args)}
  });
}

std::unexpected<Refusal> refuse_nonsense(const std::string& socket) {
  return refuse(Failure::DaemonUntrusted, MessageId::DaemonNonsense, {socket});
}

// What an error of the connection means.
std::unexpected<Refusal> explain(const Error& error, const std::string& socket) {
  switch (error.code) {
    case Errc::Unreachable: {
      const char* cause = strerrordesc_np(error.sys_errno);
      return refuse(Failure::DaemonAbsent, MessageId::DaemonAbsent,
                    {socket, cause != nullptr ? cause : error.what});
    }
    case Errc::Untrusted:
      return refuse(Failure::DaemonUntrusted, MessageId::DaemonAbsent, {socket, error.what});
    case Errc::Busy:
    case Errc::TimedOut: return refuse(Failure::DaemonAbsent, MessageId::DaemonSilent, {socket});
    case Errc::Closed: return refuse(Failure::DaemonAbsent, MessageId::DaemonLeft, {socket});
    case Errc::Malformed: return refuse_nonsense(socket);
    case Errc::TooLarge:
    case Errc::NotFound:
    case Errc::Storage:
    case Errc::Internal: break;
  }
  return std::unexpected(Refusal{.detail = error.what});
}

// Waits for the next packet with the signals watched.  A pending one cancels the dialogue, and so
// does a person who left.
Answered<wire::Packet> wait_for_packet(wire::Client& client, const std::string& socket,
                                       const Conversation& conversation) {
  const SignalWatch signals;
  auto packet = client.next([&] { return signals.pending() || conversation.abandoned(); });
  if (packet) return std::move(*packet);
  if (client.was_interrupted()) {
    // Best effort: stepupd also notices that the connection ends.
    (void)client.send(wire::Cancel{CancelReason::Interrupted});
    return refuse(Failure::Interrupted, MessageId::None, {});
  }
  return explain(packet.error(), socket);
}

// Asks the person and sends the answer, or why there is none.  A failure to send is not looked at:
// the daemon may have given up on the person meanwhile, and then its verdict is there to be read.
std::optional<CancelReason> put_question(wire::Client& client, const wire::Prompt& prompt,
                                         Conversation& conversation) {
  const BootTime asked_at = boot_now();
  auto answer = conversation.ask(wire::sentence(prompt.words), prompt.echo);
  if (answer) {
    (void)client.send(wire::Answer{std::move(*answer)});
    return std::nullopt;
  }
  CancelReason reason = answer.error();
  if (reason == CancelReason::EmptyAnswer && prompt.enter_answers) {
    (void)client.send(wire::Answer{});
    return std::nullopt;
  }
  // sudo fails in the same way when it cannot prompt and when the person presses Ctrl-C at its
  // prompt.  The one comes at once, the other takes a person; only the words depend on it.
  if (reason == CancelReason::NoConversation && boot_now() - asked_at >= kQuickestPerson) {
    reason = CancelReason::Interrupted;
  }
  (void)client.send(wire::Cancel{reason});
  return reason;
}

// What a verdict comes to, once the person was asked in vain.  After a cancel only a refusal makes
// sense: nothing else can have been meant for us.
Answered<wire::VerdictCode> conclude(wire::VerdictCode code, std::optional<CancelReason> cancelled,
                                     const std::string& socket) {
  if (!cancelled) return code;
  if (code == wire::VerdictCode::Granted || code == wire::VerdictCode::NotRequired) {
    return refuse_nonsense(socket);
  }
  if (*cancelled == CancelReason::NoConversation && code == wire::VerdictCode::Denied) {
    return refuse(Failure::ConversationFailed, MessageId::None, {});
  }
  return code;
}

}  // namespace

Answered<wire::Client> open_dialogue(const wire::ModuleOptions& options,
                                     const wire::Deadlines& deadlines,
                                     const wire::CheckRequest& request) {
  const auto fail = [&](const Error& error) { return explain(error, options.socket); };
  if (auto trusted = check_socket_path(options.socket); !trusted) return fail(trusted.error());
  auto client = wire::Client::connect(options.socket, wire::Socket::Stepupd, deadlines);
  if (!client) return fail(client.error());
  if (auto trusted = check_listener(*client); !trusted) return fail(trusted.error());
  // A daemon that has closed already may have said why: that is read next.
  if (auto sent = client->send(request); !sent && sent.error().code != Errc::Closed) {
    return fail(sent.error());
  }
  return std::move(*client);
}

Answered<wire::VerdictCode> relay(wire::Client& client, const std::string& socket,
                                  wire::Program program, Conversation& conversation) {
  std::optional<CancelReason> cancelled;
  for (int i = 0; i < kMaxMessages; ++i) {
    const auto packet = wait_for_packet(client, socket, conversation);
    if (!packet) return std::unexpected(packet.error());
    switch (packet->header.type) {
      case MessageType::Prompt: {
        const auto prompt = wire::decode<wire::Prompt>(*packet);
        if (!prompt || cancelled) return refuse_nonsense(socket);
        cancelled = put_question(client, *prompt, conversation);
        break;
      }
      case MessageType::AgentRequest: {
        const bool may_ask = program != wire::Program::Other && !cancelled;
        if (!may_ask || !wire::decode<wire::AgentRequest>(*packet)) return refuse_nonsense(socket);
        const auto agent = connect_to_agent();
        if (!agent) return std::unexpected(Refusal{.detail = agent.error().what});
        // As for an answer, a failure to send shows in what comes next.
        (void)client.send(wire::AgentAnswer{agent->outcome}, agent->fd.get());
        break;
      }
      case MessageType::Notice: {
        const auto notice = wire::decode<wire::Notice>(*packet);
        if (!notice) return refuse_nonsense(socket);
        conversation.notify(wire::sentence(notice->words));
        break;
      }
      case MessageType::Verdict: {
        const auto verdict = wire::decode<wire::Verdict>(*packet);
        if (!verdict) return refuse_nonsense(socket);
        const auto concluded = conclude(verdict->code, cancelled, socket);
        if (concluded || concluded.error().words.id == MessageId::None) {
          conversation.refuse(wire::sentence(verdict->words));
        }
        return concluded;
      }
      case MessageType::VersionMismatch: {
        const auto theirs = wire::decode<wire::VersionMismatch>(*packet);
        if (!theirs) return refuse_nonsense(socket);
        return refuse(Failure::DaemonUntrusted, MessageId::DaemonVersion,
                      {std::to_string(wire::kVersion), std::to_string(theirs->oldest),
                       std::to_string(theirs->newest)});
      }
      default: return refuse_nonsense(socket);
    }
  }
  return refuse_nonsense(socket);
}

Answered<wire::VerdictCode> await_receipt(wire::Client& client, const std::string& socket) {
  const auto packet = client.next({});
  if (!packet) return explain(packet.error(), socket);
  if (packet->header.type != MessageType::Verdict) return refuse_nonsense(socket);
  const auto verdict = wire::decode<wire::Verdict>(*packet);
  if (!verdict) return refuse_nonsense(socket);
  return verdict->code;
}

}  // namespace stepup::pam_stepup
