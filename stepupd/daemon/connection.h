// SPDX-License-Identifier: ISC
// One accepted connection: its packets, its state, its deadlines, and the dialogue it carries.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <utility>
#include <variant>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/daemon/grant_ledger.h"
#include "stepupd/daemon/io_source.h"
#include "stepupd/daemon/task.h"
#include "stepupd/session/peer.h"
#include "stepupd/wire/import_messages.h"
#include "stepupd/wire/packet.h"
#include "stepupd/wire/request_table.h"

namespace stepup::daemon {

// How a person answered a prompt.
struct Reply {
  enum class Kind : std::uint8_t {
    Answered,
    Interrupted,
    Empty,
    NoConversation,
    Unusable,
    TimedOut
  };
  Kind kind = Kind::Interrupted;
  SecretBytes answer{};  // when Answered
  UniqueFd agent{};      // the same, when an ssh agent was asked for; none = there is none to use
};

class Connection {
 public:
  // Starts the dialogue for a first packet that the request table allows and whose peer has the
  // rights; its verdict is the last thing sent.
  using Begin = std::function<Task<wire::Verdict>(Connection&, wire::Packet)>;
  // Called once when the peer is gone, or needed no more, and the dialogue has run to its end; must
  // not destroy the connection at once.  A dialogue cut short would lose its records.
  using Ended = std::function<void(Connection&)>;

  Connection(UniqueFd fd, wire::Socket socket, session::Peer peer, Begin begin, Ended ended);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status start(sd_event* loop);

  // Heartbeats and deadlines; called twice a second.
  void tick(BootTime now);

  [[nodiscard]] const session::Peer& peer() const noexcept { return peer_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] wire::Socket socket() const noexcept { return socket_; }

  // For dialogues: sends one message.  A peer that does not read ends the connection.
  template <typename Message>
  void send(const Message& message) {
    if (auto packet = wire::encode(request_id_, message)) send_encoded(*packet);
  }
  void tell(wire::Words words) { send(wire::Notice{translated(std::move(words))}); }

  // It counts for a user: after the last message it is kept until the peer has read all of them or
  // is gone.  Without this it is closed at once, and what was sent can be read all the same.
  void keep_for_reader() noexcept { kept_for_reader_ = true; }

  // What it sends from now on is read in `language`.
  void speak(Language language) noexcept { language_ = language; }

  static constexpr BootTime kPatience = std::chrono::seconds(60);
  static constexpr BootTime kForWork = std::chrono::seconds(30);
  static constexpr BootTime kForAgent = std::chrono::seconds(10);

  // For dialogues: what this one is about to stand on.  When that no longer holds, a prompt or a
  // touch ends as Interrupted within half a second, whatever the person does.
  void stand_on(Ground ground) { ground_ = std::move(ground); }
  [[nodiscard]] const Ground& ground() const noexcept { return ground_; }

  // co_await connection.ask(words, echo): prompts, and waits for the person as long as `patience`.
  class Asking {
   public:
    using Question = std::variant<wire::Prompt, wire::ImportTextWanted, wire::AgentRequest>;
    Asking(Connection& connection, Question question, BootTime patience)
        : connection_(connection), question_(std::move(question)), patience_(patience) {}
    // Nobody is there to be asked any more: the answer is Interrupted, at once.
    [[nodiscard]] bool await_ready() const noexcept { return connection_.over_; }
    bool await_suspend(std::coroutine_handle<> dialogue);
    Reply await_resume() {
      if (connection_.over_) return {};
      return std::move(connection_.reply_);
    }

   private:
    Connection& connection_;
    Question question_;
    BootTime patience_;
  };
  enum class Enter : std::uint8_t { Cancels, Answers };  // what Enter alone is
  Asking ask(wire::Words words, bool echo, BootTime patience = kPatience,
             Enter enter = Enter::Cancels) {
    return {
        *this, wire::Prompt{translated(std::move(words)), echo, enter == Enter::Answers},
         patience
    };
  }
  // The same for the next piece of a file, which stepupctl has at hand.
  Asking ask_for_text() { return {*this, wire::ImportTextWanted{}, kForWork}; }

  // The same for a connection to the ssh agent of whoever called sudo, su or doas.
  Asking ask_for_agent() { return {*this, wire::AgentRequest{}, kForAgent}; }

  // Sends the verdict ahead of the dialogue's end, for one that has something left to do for which
  // its peer need not wait.  Nothing more can be sent then.
  void finish(const wire::Verdict& verdict);

  // The person acts elsewhere, on a security key: from now until the next answer the dialogue may
  // work as long as `patience`.
  void expect_person(BootTime patience) {
    since_ = boot_now();
    work_limit_ = patience;
  }

  // While it lives, `hook` runs when nothing more can be sent, since the person has gone or gave
  // up, or when the ground is gone.  At once when the former is so already.  One at a time.
  class EndHook {
   public:
    EndHook(Connection& connection, std::function<void()> hook);
    ~EndHook() { connection_.on_end_ = nullptr; }
    EndHook(const EndHook&) = delete;
    EndHook& operator=(const EndHook&) = delete;

   private:
    Connection& connection_;
  };

 private:
  void receive();
  void accept_packet(wire::Packet packet, UniqueFd descriptor);
  void accept_answer(const wire::Packet& packet, UniqueFd descriptor);
  void resume(Reply reply);
  Task<bool> drive(Task<wire::Verdict> dialogue);
  void end(const char* why);  // nothing more is sent; logs `why` unless null
  void peer_is_gone();
  void settle();
  void send_encoded(const SecretBytes& packet);
  [[nodiscard]] wire::Words translated(wire::Words words) const;

  UniqueFd fd_;
  wire::Socket socket_;
  session::Peer peer_;
  Begin begin_;
  Ended ended_;
  Language language_ = Language::English;
  wire::RequestId request_id_{};
  wire::DialogueState state_ = wire::DialogueState::AwaitingRequest;
  BootTime since_;                  // when state_ was entered
  BootTime patience_ = kPatience;   // while AwaitingAnswer, AwaitingText or AwaitingAgent
  BootTime work_limit_ = kForWork;  // while Working
  BootTime last_heartbeat_;
  Ground ground_;
  std::coroutine_handle<> asking_;
  Reply reply_;
  std::function<void()> on_end_;
  bool kept_for_reader_ = false;
  bool sent_ = false;     // anything that the peer may leave unread
  bool over_ = false;     // nothing more is sent
  bool gone_ = false;     // the peer has closed its end
  bool running_ = false;  // a dialogue is not at its end
  bool settled_ = false;  // ended_ was called
  IoSource source_;
  Task<bool> driver_;  // last: its frames use everything above
};

}  // namespace stepup::daemon
