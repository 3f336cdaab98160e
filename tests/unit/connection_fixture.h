// SPDX-License-Identifier: ISC
// One end of a connection to stepupd, and the dialogues that it may carry.  Include it last.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "stepupd/daemon/connection.h"
#include "stepupd/wire/seqpacket.h"
#include "tests/unit/quiet_records.h"

#include <CppUTest/TestHarness.h>

namespace stepup::daemon {

inline constexpr wire::RequestId kId{1, 2, 3};
inline const wire::Verdict kGranted{wire::VerdictCode::Granted, {}};

struct ConnectionFixture : public Utest {
  QuietRecords quiet;
  EventLoop loop;
  UniqueFd peer;
  std::unique_ptr<Connection> connection;
  int begun = 0;
  bool ended = false;
  bool kept = true;  // for its reader
  std::optional<Reply> reply;
  std::coroutine_handle<> waiting;

  // The dialogues that a connection may carry.
  Task<wire::Verdict> grants() { co_return kGranted; }
  Task<wire::Verdict> throws() {
    throw std::runtime_error("a fault of ours");
    co_return kGranted;
  }
  Task<wire::Verdict> asks() {
    auto asking = connection->ask(
        {
            wire::MessageId::PromptOtp, {"alice", "host", "sudo"}
    },
        false);
    reply = co_await asking;
    co_return reply->kind == Reply::Kind::Answered ? kGranted
                                                   : wire::Verdict{wire::VerdictCode::Denied, {}};
  }
  Task<wire::Verdict> asks_for_an_agent() {
    auto asking = connection->ask_for_agent();
    reply = co_await asking;
    co_return reply->kind == Reply::Kind::Answered ? kGranted
                                                   : wire::Verdict{wire::VerdictCode::Denied, {}};
  }
  // Works until resumed.
  struct Work {
    std::coroutine_handle<>& place;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const { place = self; }
    void await_resume() const noexcept {}
  };
  Task<wire::Verdict> works() {
    co_await Work{waiting};
    co_return kGranted;
  }

  using Dialogue = Task<wire::Verdict> (ConnectionFixture::*)();

  void setup() override {
    sd_event* raw = nullptr;
    CHECK(sd_event_new(&raw) >= 0);
    loop.reset(raw);
  }
  void teardown() override {
    connection.reset();
    loop.reset();
  }

  void open(Dialogue dialogue, wire::Socket socket = wire::Socket::Stepupd, uid_t uid = 0,
            pid_t pid = getpid()) {
    connection.reset();
    begun = 0;
    ended = false;
    reply.reset();
    waiting = nullptr;
    int ends[2];
    CHECK_EQUAL(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
    peer.reset(ends[0]);
    const int on = 1;
    CHECK_EQUAL(0, setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    connection = std::make_unique<Connection>(
        UniqueFd(ends[1]), socket, session::Peer{pid, uid, UniqueFd(), {}},
        [this, dialogue](Connection&, const wire::Packet&) {
          ++begun;
          return (this->*dialogue)();
        },
        [this](Connection&) { ended = true; });
    if (kept) connection->keep_for_reader();
    CHECK_TRUE(connection->start(loop.get()).has_value());
  }

  void turn() { CHECK_TRUE(sd_event_run(loop.get(), 0) >= 0); }
  void send_raw(const SecretBytes& bytes) {
    CHECK_TRUE(wire::send_packet(peer.get(), bytes).has_value());
    turn();
  }
  template <typename Message>
  void send(const Message& message, const wire::RequestId& id = kId) {
    send_raw(*wire::encode(id, message));
  }
  void send_header(wire::MessageType type, std::uint16_t version = wire::kVersion) {
    wire::Encoder out;
    wire::put_header(out, {version, type, kId});
    send_raw(out.take());
  }

  // The types of what came back; `code` is that of a verdict among them.
  std::vector<wire::MessageType> heard(wire::VerdictCode* code = nullptr) {
    std::vector<wire::MessageType> types;
    for (;;) {
      auto bytes = wire::receive_packet(peer.get());
      if (!bytes) return types;
      const auto packet = *wire::split(std::move(*bytes));
      types.push_back(packet.header.type);
      if (packet.header.type == wire::MessageType::Verdict && code != nullptr) {
        *code = wire::decode<wire::Verdict>(packet)->code;
      }
    }
  }
  void check_heard(wire::VerdictCode want) {
    wire::VerdictCode code{};
    CHECK_TRUE(heard(&code) == std::vector{wire::MessageType::Verdict});
    CHECK_TRUE(code == want);
    check_closed();
  }
  void check_closed() {
    char byte = 0;
    CHECK_EQUAL(0, recv(peer.get(), &byte, 1, 0));
  }
};

}  // namespace stepup::daemon
