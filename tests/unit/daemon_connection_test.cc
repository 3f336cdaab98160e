// SPDX-License-Identifier: ISC
// What a peer may send when, and how long anything may take.  Time is a parameter of tick().
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/connection.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/seqpacket.h"
#include "tests/unit/quiet_records.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;
using wire::CancelReason;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;

namespace {

constexpr wire::RequestId kId{1, 2, 3};
constexpr wire::RequestId kOther{1, 2, 4};
const wire::Verdict kGranted{VerdictCode::Granted, {}};

}  // namespace

TEST_GROUP(Connection) {
  QuietRecords quiet;
  EventLoop loop;
  UniqueFd peer;
  std::unique_ptr<daemon::Connection> connection;
  int begun = 0;
  bool ended = false;
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
            MessageId::PromptOtp, {"alice", "host", "sudo"}
    },
        false);
    reply = co_await asking;
    co_return reply->kind == Reply::Kind::Answered ? kGranted
                                                   : wire::Verdict{VerdictCode::Denied, {}};
  }
  Task<wire::Verdict> asks_for_an_agent() {
    auto asking = connection->ask_for_agent();
    reply = co_await asking;
    co_return reply->kind == Reply::Kind::Answered ? kGranted
                                                   : wire::Verdict{VerdictCode::Denied, {}};
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

  using Dialogue = Task<wire::Verdict> (TEST_GROUP_CppUTestGroupConnection::*)();

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
    connection = std::make_unique<daemon::Connection>(
        UniqueFd(ends[1]), socket, session::Peer{pid, uid, UniqueFd(), {}},
        [this, dialogue](daemon::Connection&, const wire::Packet&) {
          ++begun;
          return (this->*dialogue)();
        },
        [this](daemon::Connection&) { ended = true; });
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
  void send_header(MessageType type, std::uint16_t version = wire::kVersion) {
    wire::Encoder out;
    wire::put_header(out, {version, type, kId});
    send_raw(out.take());
  }

  // The types of what came back; `code` is that of a verdict among them.
  std::vector<MessageType> heard(VerdictCode* code = nullptr) {
    std::vector<MessageType> types;
    for (;;) {
      auto bytes = wire::receive_packet(peer.get());
      if (!bytes) return types;
      const auto packet = *wire::split(std::move(*bytes));
      types.push_back(packet.header.type);
      if (packet.header.type == MessageType::Verdict && code != nullptr) {
        *code = wire::decode<wire::Verdict>(packet)->code;
      }
    }
  }
  void check_heard(VerdictCode want) {
    VerdictCode code{};
    CHECK_TRUE(heard(&code) == std::vector{MessageType::Verdict});
    CHECK_TRUE(code == want);
    check_closed();
  }
  void check_closed() {
    char byte = 0;
    CHECK_EQUAL(0, recv(peer.get(), &byte, 1, 0));
  }
};

using Group = TEST_GROUP_CppUTestGroupConnection;

TEST(Connection, CarriesOneRequestToItsVerdict) {
  open(&Group::grants);
  send(wire::CheckRequest{});
  check_heard(VerdictCode::Granted);
  CHECK_FALSE(ended);  // until the peer goes
  peer.reset();
  turn();
  CHECK_TRUE(ended);
}

TEST(Connection, BeginsWithNothingButTheRequestsOfItsSocket) {
  for (int type = 0; type < 300; ++type) {
    open(&Group::grants);
    send_header(static_cast<MessageType>(type));
    const bool allowed = static_cast<MessageType>(type) == MessageType::CheckRequest;
    CHECK_EQUAL(allowed ? 1 : 0, begun);
    CHECK_EQUAL(allowed ? 1 : 0, heard().size());
    check_closed();
  }
  open(&Group::grants, wire::Socket::Control);
  send(wire::CheckRequest{});
  CHECK_EQUAL(0, begun);
  check_closed();
}

TEST(Connection, AnswersAnotherVersionInTheFormThatNeverChanges) {
  open(&Group::grants);
  send_header(MessageType::CheckRequest, wire::kVersion + 1);
  CHECK_TRUE(heard() == std::vector{MessageType::VersionMismatch});
  CHECK_EQUAL(0, begun);
  check_closed();
}

TEST(Connection, EndsWithAPacketThatIsNone) {
  open(&Group::grants);
  send_raw(SecretBytes(3));
  CHECK_EQUAL(0, begun);
  check_closed();
}

TEST(Connection, TakesOneDescriptorAndOnlyWithTheAnswerToAgentRequest) {
  using wire::AgentOutcome;
  const auto send_with = [&](const auto& message, int descriptor) {
    CHECK_TRUE(wire::send_packet(peer.get(), *wire::encode(kId, message), descriptor).has_value());
    turn();
  };
  open(&Group::asks_for_an_agent);
  send(wire::CheckRequest{});
  send_with(wire::AgentAnswer{AgentOutcome::Connected}, STDIN_FILENO);
  CHECK_TRUE(reply && reply->agent);
  CHECK_TRUE(heard() == (std::vector{MessageType::AgentRequest, MessageType::Verdict}));
  for (const auto outcome :
       {AgentOutcome::Absent, AgentOutcome::Unreachable, AgentOutcome::Unfit}) {
    open(&Group::asks_for_an_agent);
    send(wire::CheckRequest{});
    send(wire::AgentAnswer{outcome});
    CHECK_TRUE(reply && reply->kind == Reply::Kind::Answered && !reply->agent);
  }
  open(&Group::asks_for_an_agent);
  send(wire::CheckRequest{});
  send(wire::Cancel{});
  CHECK_TRUE(reply && reply->kind == Reply::Kind::Interrupted);

  const auto check_ended = [&](const char* name) {
    const auto types = heard();
    CHECK_TEXT(std::ranges::find(types, MessageType::Verdict) == types.end(), name);
    CHECK_TEXT(!reply || reply->kind == Reply::Kind::Interrupted, name);
    check_closed();
  };
  open(&Group::asks_for_an_agent);
  send(wire::CheckRequest{});
  send(wire::AgentAnswer{AgentOutcome::Connected});
  check_ended("an agent without a descriptor");
  open(&Group::asks_for_an_agent);
  send(wire::CheckRequest{});
  send_with(wire::AgentAnswer{AgentOutcome::Absent}, STDIN_FILENO);
  check_ended("a descriptor without an agent");
  open(&Group::asks_for_an_agent);
  send(wire::CheckRequest{});
  send_with(wire::Cancel{}, STDIN_FILENO);
  check_ended("with a cancel");
  open(&Group::asks);
  send(wire::CheckRequest{});
  send_with(wire::Answer{SecretBytes("1")}, STDIN_FILENO);
  check_ended("with an answer to a prompt");
  open(&Group::asks);
  send_with(wire::CheckRequest{}, STDIN_FILENO);
  CHECK_EQUAL(0, begun);
  check_ended("with the request");
  open(&Group::works);
  send(wire::CheckRequest{});
  send(wire::AgentAnswer{AgentOutcome::Absent});
  CHECK_TRUE(heard().empty());
  check_closed();
}

TEST(Connection, GoesOnWithoutAnAgentThatIsNotHandedOver) {
  open(&Group::asks_for_an_agent);
  send(wire::CheckRequest{});
  connection->tick(boot_now() + Connection::kForAgent);
  CHECK_FALSE(reply.has_value());
  connection->tick(boot_now() + Connection::kForAgent + 1s);
  CHECK_TRUE(reply && reply->kind == Reply::Kind::TimedOut);
}

TEST(Connection, TakesNoPacketOfAnotherProcess) {
  open(&Group::grants, wire::Socket::Stepupd, 0, getppid());
  send(wire::CheckRequest{});
  CHECK_EQUAL(0, begun);
  check_closed();
}

TEST(Connection, RefusesToOthersWhatNeedsRoot) {
  for (const uid_t uid : {uid_t{0}, uid_t{1000}}) {
    for (const bool reset : {true, false}) {
      open(&Group::grants, wire::Socket::Control, uid);
      if (reset) {
        send(wire::ResetRequest{});
      } else {
        send(wire::TicketRequest{});
      }
      CHECK_EQUAL(uid == 0 ? 1 : 0, begun);
      check_heard(uid == 0 ? VerdictCode::Granted : VerdictCode::Denied);
    }
  }
  open(&Group::grants, wire::Socket::Stepupd, 1000);
  send(wire::CheckRequest{});
  CHECK_EQUAL(0, begun);
  check_heard(VerdictCode::Denied);
}

TEST(Connection, SpeaksTheLanguageOfTheHost) {
  const auto next = [&] { return *wire::split(*wire::receive_packet(peer.get())); };
  open(&Group::asks);
  connection->speak(Language::German);
  send(wire::CheckRequest{});
  CHECK_TRUE(wire::decode<wire::Prompt>(next())->words.language == Language::German);
  connection->tell({MessageId::WrongCode, {}});
  CHECK_TRUE(wire::decode<wire::Notice>(next())->words.language == Language::German);
  connection->finish({
      VerdictCode::Denied, {MessageId::Refused, {"sudo", "host"}}
  });
  CHECK_TRUE(wire::decode<wire::Verdict>(next())->words.language == Language::German);

  // Without words there is none: a positive verdict has one encoding.
  open(&Group::grants);
  connection->speak(Language::German);
  send(wire::CheckRequest{});
  check_heard(VerdictCode::Granted);
}

TEST(Connection, TakesAnAnswerOnlyToItsQuestion) {
  open(&Group::asks);
  send(wire::CheckRequest{});
  CHECK_TRUE(heard() == std::vector{MessageType::Prompt});
  send(wire::Answer{SecretBytes(std::string_view("755224"))});
  CHECK_TRUE(reply->answer.text() == "755224");
  check_heard(VerdictCode::Granted);

  open(&Group::works);  // nothing was asked
  send(wire::CheckRequest{});
  send(wire::Answer{SecretBytes(std::string_view("755224"))});
  CHECK_TRUE(heard().empty());
  check_closed();
  waiting.resume();

  for (const int wrong : {1, 2, 3, 4}) {
    open(&Group::asks);
    send(wire::CheckRequest{});
    (void)heard();
    if (wrong == 1) send(wire::Answer{SecretBytes(std::string_view("755224"))}, kOther);
    if (wrong == 2) send_header(MessageType::Answer);
    if (wrong == 3) send_header(MessageType::Cancel);
    if (wrong == 4) send(wire::CheckRequest{});
    CHECK_TRUE(reply->kind == Reply::Kind::Interrupted);
    CHECK_TRUE(heard().empty());
    check_closed();
    CHECK_EQUAL(1, begun);
  }
}

TEST(Connection, TellsTheDialogueWhyThereIsNoAnswer) {
  const std::pair<CancelReason, Reply::Kind> cases[] = {
      {CancelReason::Interrupted,    Reply::Kind::Interrupted   },
      {CancelReason::EmptyAnswer,    Reply::Kind::Empty         },
      {CancelReason::NoConversation, Reply::Kind::NoConversation},
      {CancelReason::Unusable,       Reply::Kind::Unusable      },
  };
  for (const auto& [reason, kind] : cases) {
    open(&Group::asks);
    send(wire::CheckRequest{});
    (void)heard();
    send(wire::Cancel{reason});
    CHECK_TRUE(reply->kind == kind);
    check_heard(VerdictCode::Denied);
  }
}

TEST(Connection, EndsDeniedWhenItIsCancelledAtWork) {
  open(&Group::works);
  send(wire::CheckRequest{});
  send(wire::Cancel{CancelReason::Interrupted});
  check_heard(VerdictCode::Denied);
  waiting.resume();  // what it then says is not sent
  CHECK_TRUE(heard().empty());
  peer.reset();
  turn();
  CHECK_TRUE(ended);
}

TEST(Connection, CountsUntilItsDialogueHasEnded) {
  open(&Group::works);
  send(wire::CheckRequest{});
  peer.reset();
  turn();
  CHECK_FALSE(ended);
  waiting.resume();
  CHECK_TRUE(ended);
}

TEST(Connection, InterruptsTheQuestionWhenThePeerLeaves) {
  open(&Group::asks);
  send(wire::CheckRequest{});
  peer.reset();
  turn();
  CHECK_TRUE(reply->kind == Reply::Kind::Interrupted);
  CHECK_TRUE(ended);
}

TEST(Connection, RefusesWhenTheDialogueThrows) {
  open(&Group::throws);
  send(wire::CheckRequest{});
  check_heard(VerdictCode::Unavailable);
}

TEST(Connection, WaitsFiveSecondsForTheRequest) {
  open(&Group::grants);
  const BootTime now = boot_now();
  connection->tick(now + 4900ms);
  send(wire::CheckRequest{});
  CHECK_EQUAL(1, begun);
  open(&Group::grants);
  connection->tick(boot_now() + 5001ms);
  CHECK_TRUE(heard().empty());
  check_closed();
}

TEST(Connection, WaitsAMinuteForThePerson) {
  open(&Group::asks);
  send(wire::CheckRequest{});
  connection->tick(boot_now() + 59s);
  CHECK_FALSE(reply.has_value());
  connection->tick(boot_now() + 60s + 1ms);
  CHECK_TRUE(reply->kind == Reply::Kind::TimedOut);
}

TEST(Connection, F82TakesNoAnswerThatComesAfterAnHour) {
  open(&Group::asks);
  send(wire::CheckRequest{});
  connection->tick(boot_now() + 1h);
  CHECK_TRUE(reply->kind == Reply::Kind::TimedOut);
  CHECK_TRUE(heard() == (std::vector{MessageType::Prompt, MessageType::Verdict}));
  send(wire::Answer{SecretBytes("755224")});
  CHECK_TRUE(reply->kind == Reply::Kind::TimedOut);
  CHECK_TRUE(heard().empty());
  check_closed();
}

TEST(Connection, GivesWorkHalfAMinuteAndWhatAPersonDoesElsewhereMore) {
  open(&Group::works);
  send(wire::CheckRequest{});
  connection->tick(boot_now() + 29s);
  CHECK_TRUE(heard() == std::vector{MessageType::Heartbeat});
  connection->tick(boot_now() + 30s + 1ms);
  check_heard(VerdictCode::Unavailable);
  waiting.resume();

  open(&Group::works);
  send(wire::CheckRequest{});
  connection->expect_person(60s);
  connection->tick(boot_now() + 59s);
  CHECK_TRUE(heard() == std::vector{MessageType::Heartbeat});
  waiting.resume();
  check_heard(VerdictCode::Granted);
}

TEST(Connection, ShowsALifeSignEveryTwoSeconds) {
  open(&Group::works);
  send(wire::CheckRequest{});
  const BootTime start = boot_now();
  connection->tick(start + 1900ms);
  CHECK_TRUE(heard().empty());
  connection->tick(start + 2s);
  CHECK_EQUAL(1, heard().size());
  connection->tick(start + 3900ms);
  CHECK_TRUE(heard().empty());
  connection->tick(start + 4s);
  CHECK_EQUAL(1, heard().size());
  waiting.resume();
  (void)heard();
  connection->tick(start + 60s);  // after the end nothing is said
  CHECK_TRUE(heard().empty());
}

TEST(Connection, RunsTheEndHookOnceWhenNothingMoreCanBeSent) {
  int calls = 0;
  open(&Group::works);
  send(wire::CheckRequest{});
  {
    const daemon::Connection::EndHook hook(*connection, [&] { ++calls; });
    CHECK_EQUAL(0, calls);
    peer.reset();
    turn();
    CHECK_EQUAL(1, calls);
  }
  {
    const daemon::Connection::EndHook late(*connection, [&] { ++calls; });
    CHECK_EQUAL(2, calls);
  }
  waiting.resume();

  open(&Group::works);
  send(wire::CheckRequest{});
  {
    const daemon::Connection::EndHook gone(*connection, [&] { ++calls; });
  }
  waiting.resume();
  CHECK_EQUAL(2, calls);
}
