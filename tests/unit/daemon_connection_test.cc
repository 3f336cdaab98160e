// SPDX-License-Identifier: ISC
// What a peer may send when.
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/wire/credential_messages.h"

#include "tests/unit/connection_fixture.h"  // CppUTest comes last

using namespace stepup;
using namespace stepup::daemon;
using wire::CancelReason;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;

namespace {

constexpr wire::RequestId kOther{1, 2, 4};

}  // namespace

TEST_GROUP_BASE(Connection, ConnectionFixture){};

using Group = ConnectionFixture;

TEST(Connection, CarriesOneRequestToItsVerdict) {
  open(&Group::grants);
  send(wire::CheckRequest{});
  check_heard(VerdictCode::Granted);
  CHECK_FALSE(ended);  // until the peer goes
  peer.reset();
  turn();
  CHECK_TRUE(ended);
}

TEST(Connection, T18IsKeptForAPeerThatNeverClosesOnlyUntilHeHasReadAll) {
  open(&Group::asks);
  send(wire::CheckRequest{});
  send(wire::Answer{SecretBytes("755224")});
  connection->tick(boot_now() + std::chrono::days(1));
  turn();
  CHECK_FALSE(ended);  // he has read neither
  CHECK_TRUE(wire::receive_packet(peer.get()).has_value());
  connection->tick(boot_now());
  turn();
  CHECK_FALSE(ended);
  CHECK_TRUE(wire::send_packet(peer.get(), *wire::encode(kId, wire::Cancel{})).has_value());
  check_heard(VerdictCode::Granted);
  connection->tick(boot_now());
  while (!ended) turn();  // one turn for what he sent, one for the end
  connection.reset();
  check_closed();  // and was not reset
}

TEST(Connection, T18IsClosedAtItsEndWhenItCountsForNobody) {
  kept = false;
  open(&Group::grants);
  CHECK_TRUE(wire::send_packet(peer.get(), *wire::encode(kId, wire::CheckRequest{})).has_value());
  CHECK_TRUE(wire::send_packet(peer.get(), *wire::encode(kId, wire::Cancel{})).has_value());
  while (!ended) turn();
  connection.reset();
  check_heard(VerdictCode::Granted);
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
