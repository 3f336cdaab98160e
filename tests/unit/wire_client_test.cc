// SPDX-License-Identifier: ISC
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "stepupd/wire/client.h"
#include "stepupd/wire/status_messages.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::wire;

namespace {

constexpr Deadlines kPatient{.first_reply = 5s, .heartbeat = 5s, .message = 5s};

SecretBytes packet_with(const Header& header, std::size_t body_size = 0) {
  Encoder out;
  put_header(out, header);
  for (std::size_t i = 0; i < body_size; ++i) out.number(std::uint8_t{0});
  return out.take();
}

}  // namespace

TEST_GROUP(WireClient) {
  fakes::ScratchDirectory scratch;
  fakes::FakeListener listener{scratch.file("sock")};

  Client connect(Deadlines deadlines = kPatient, Socket socket = Socket::Stepupd) {
    auto client = Client::connect(listener.path(), socket, deadlines);
    CHECK_TRUE(client.has_value());
    CHECK_TRUE(client->send(CheckRequest{}).has_value());
    return std::move(*client);
  }
  // The daemon's end of the newest connection, its request read.
  fakes::FakeConnection accept() {
    auto daemon = listener.accept();
    CHECK_TRUE(daemon.receive()->header.type == MessageType::CheckRequest);
    return daemon;
  }
  BootTime time_to_give_up(Client & client) {
    const BootTime before = boot_now();
    CHECK_TRUE(client.next({}).error().code == Errc::TimedOut);
    return boot_now() - before;
  }
};

TEST(WireClient, ChoosesAnotherRequestIdForEachConnection) {
  const Client one = connect();
  const Client two = connect();
  const auto first = accept();
  const auto second = accept();
  CHECK_TRUE(first.id() != second.id());
  CHECK_TRUE(first.id() != RequestId{});
}

TEST(WireClient, ReturnsTheNextMessageThatIsNoHeartbeat) {
  Client client = connect();
  auto daemon = accept();
  daemon.send(Heartbeat{});
  daemon.send(Heartbeat{});
  daemon.send(Notice{
      .words = {.id = MessageId::WrongCode, .args = {}}
  });
  daemon.send(Heartbeat{});
  daemon.send(Verdict{.code = VerdictCode::Denied, .words = {}});
  CHECK_TRUE(decode<Notice>(*client.next({}))->words.id == MessageId::WrongCode);
  CHECK_TRUE(decode<Verdict>(*client.next({}))->code == VerdictCode::Denied);
}

TEST(WireClient, RefusesWhatADaemonMayNotSend) {
  struct Case {
    const char* name;
    SecretBytes (*packet)(RequestId id);
  };
  const Case cases[] = {
      {"reply to another request",
       [](RequestId id) {
         id[15] ^= 1;
         return packet_with({kVersion, MessageType::Verdict, id});
       }                                                                                    },
      {"no request id",
       [](RequestId) { return packet_with({kVersion, MessageType::Verdict, {}}); }          },
      {"a request",
       [](RequestId id) { return packet_with({kVersion, MessageType::CheckRequest, id}); }  },
      {"reply of the other socket",
       [](RequestId id) { return packet_with({kVersion, MessageType::StatusReport, id}); }  },
      {"no such type",
       [](RequestId id) { return packet_with({kVersion, static_cast<MessageType>(0), id}); }},
      {"older version",
       [](RequestId id) { return packet_with({kVersion - 1, MessageType::Verdict, id}); }   },
      {"newer version",
       [](RequestId id) { return packet_with({kVersion + 1, MessageType::Verdict, id}); }   },
      {"heartbeat with a body",
       [](RequestId id) { return packet_with({kVersion, MessageType::Heartbeat, id}, 1); }  },
      {"half a header",             [](RequestId) { return SecretBytes(kHeaderSize / 2); }  },
      {"too large",                 [](RequestId) { return SecretBytes(kMaxPacket + 1); }   },
  };
  for (const Case& c : cases) {
    Client client = connect();
    auto daemon = accept();
    daemon.send_raw(c.packet(daemon.id()));
    const auto packet = client.next({});
    CHECK_TEXT(!packet.has_value(), c.name);
    CHECK_TEXT(packet.error().code == Errc::Malformed, c.name);
  }
}

TEST(WireClient, TakesAReportOnTheControlSocket) {
  Client client = connect(kPatient, Socket::Control);
  auto daemon = accept();
  daemon.send(StatusReport{});
  CHECK_TRUE(client.next({})->header.type == MessageType::StatusReport);
}

TEST(WireClient, TakesVersionMismatchFromAnyVersion) {
  Client client = connect();
  auto daemon = accept();
  Encoder out;
  put_header(out, {kVersion + 7, MessageType::VersionMismatch, daemon.id()});
  out.number(std::uint16_t{7});
  out.number(std::uint16_t{8});
  daemon.send_raw(out.take());
  const auto packet = client.next({});
  CHECK_TRUE(packet.has_value());
  CHECK_EQUAL(8, decode<VersionMismatch>(*packet)->newest);
}

TEST(WireClient, GivesUpWhenNoFirstReplyComes) {
  Client client = connect({.first_reply = 20ms, .heartbeat = 5s, .message = 5s});
  const auto daemon = accept();
  const BootTime took = time_to_give_up(client);
  CHECK_TRUE(took >= 20ms && took < 1s);
}

TEST(WireClient, GivesUpWhenTheHeartbeatStops) {
  Client client = connect({.first_reply = 5s, .heartbeat = 20ms, .message = 5s});
  auto daemon = accept();
  daemon.send(Heartbeat{});
  const BootTime took = time_to_give_up(client);
  CHECK_TRUE(took >= 20ms && took < 1s);
}

TEST(WireClient, CountsSilenceFromWhenItStartsToWait) {
  Client client = connect({.first_reply = 0ms, .heartbeat = 40ms, .message = 5s});
  auto daemon = accept();
  daemon.send(Notice{});
  CHECK_TRUE(client.next({}).has_value());
  // The first reply has come, so now the longer silence counts.
  CHECK_TRUE(time_to_give_up(client) >= 40ms);
}

TEST(WireClient, GivesUpOnADaemonThatOnlySaysThatItLives) {
  Client client = connect({.first_reply = 5s, .heartbeat = 5s, .message = 20ms});
  auto daemon = accept();
  for (int i = 0; i < 50; ++i) daemon.send(Heartbeat{});
  const BootTime took = time_to_give_up(client);
  CHECK_TRUE(took >= 20ms && took < 1s);
}

TEST(WireClient, ReadsWhatIsQueuedBeforeItLooksAtTheClock) {
  Client client = connect({.first_reply = 0ms, .heartbeat = 0ms, .message = 0ms});
  auto daemon = accept();
  daemon.send(Verdict{});
  CHECK_TRUE(client.next({}).has_value());
}

TEST(WireClient, EndsTheWaitWhenInterrupted) {
  Client client = connect();
  const auto daemon = accept();
  int asked = 0;
  const BootTime before = boot_now();
  const auto packet = client.next([&] { return ++asked == 2; });
  CHECK_TRUE(packet.error().code == Errc::Closed);
  CHECK_TRUE(client.was_interrupted());
  CHECK_TRUE(boot_now() - before <= 250ms);
}

TEST(WireClient, IsNotInterruptedByAMereSignal) {
  Client client = connect({.first_reply = 40ms, .heartbeat = 5s, .message = 5s});
  const auto daemon = accept();
  struct sigaction caught{};
  caught.sa_handler = [](int) {};
  struct sigaction before{};
  CHECK_EQUAL(0, sigaction(SIGALRM, &caught, &before));
  const itimerval often{
      .it_interval = {0, 3000},
        .it_value = {0, 3000}
  };
  const itimerval never{};
  CHECK_EQUAL(0, setitimer(ITIMER_REAL, &often, nullptr));
  const BootTime took = time_to_give_up(client);
  CHECK_EQUAL(0, setitimer(ITIMER_REAL, &never, nullptr));
  CHECK_EQUAL(0, sigaction(SIGALRM, &before, nullptr));
  CHECK_TRUE(took >= 40ms && took < 1s);
  CHECK_FALSE(client.was_interrupted());
}

TEST(WireClient, TellsThatTheDaemonLeft) {
  Client client = connect();
  accept().close();
  CHECK_TRUE(client.next({}).error().code == Errc::Closed);
  CHECK_TRUE(client.send(Cancel{}).error().code == Errc::Closed);
  CHECK_FALSE(client.was_interrupted());
}

TEST(WireClient, ReadsTheVerdictOfADaemonThatClosedWithoutReadingTheAnswer) {
  Client client = connect();
  auto daemon = accept();
  CHECK_TRUE(client.send(Answer{SecretBytes("755224")}).has_value());
  daemon.send(Verdict{.code = VerdictCode::Denied, .words = {}});
  daemon.close();
  const auto packet = client.next({});
  CHECK_TRUE(packet.has_value());
  CHECK_TRUE(packet->header.type == MessageType::Verdict);
  CHECK_TRUE(client.next({}).error().code == Errc::Closed);
}

TEST(WireClient, HandsOverACopyOfTheDescriptorThatIsAskedFor) {
  Client client = connect();
  auto daemon = accept();
  UniqueFd handed;
  for (const int descriptor : {STDIN_FILENO, -1}) {
    CHECK_TRUE(client.send(AgentAnswer{}, descriptor).has_value());
    const auto packet = daemon.receive(&handed);
    CHECK_TRUE(packet && packet->header.type == MessageType::AgentAnswer);
    CHECK_EQUAL(descriptor >= 0, static_cast<bool>(handed));
  }
}

TEST(WireClient, KnowsWhoListens) {
  const Client client = connect();
  CHECK_EQUAL(geteuid(), *client.listener_uid());
}

TEST(WireClient, SaysThatNobodyListens) {
  const auto client = Client::connect(scratch.file("absent"), Socket::Stepupd);
  CHECK_TRUE(client.error().code == Errc::Unreachable);
}

TEST(WireClient, SendsNothingThatBreaksALimit) {
  Client client = connect();
  CheckRequest request;
  request.service.assign(kMaxName + 1, 'a');
  CHECK_TRUE(client.send(request).error().code == Errc::TooLarge);
}
