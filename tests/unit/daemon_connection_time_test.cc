// SPDX-License-Identifier: ISC
// How long anything on a connection may take.  Time is a parameter of tick().
#include <chrono>
#include <vector>

#include "stepupd/base/boot_time.h"

#include "tests/unit/connection_fixture.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;
using wire::MessageType;
using wire::VerdictCode;

TEST_GROUP_BASE(ConnectionTime, ConnectionFixture){};

using Group = ConnectionFixture;

TEST(ConnectionTime, GoesOnWithoutAnAgentThatIsNotHandedOver) {
  open(&Group::asks_for_an_agent);
  send(wire::CheckRequest{});
  connection->tick(boot_now() + Connection::kForAgent);
  CHECK_FALSE(reply.has_value());
  connection->tick(boot_now() + Connection::kForAgent + 1s);
  CHECK_TRUE(reply && reply->kind == Reply::Kind::TimedOut);
}

TEST(ConnectionTime, WaitsFiveSecondsForTheRequest) {
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

TEST(ConnectionTime, WaitsAMinuteForThePerson) {
  open(&Group::asks);
  send(wire::CheckRequest{});
  connection->tick(boot_now() + 59s);
  CHECK_FALSE(reply.has_value());
  connection->tick(boot_now() + 60s + 1ms);
  CHECK_TRUE(reply->kind == Reply::Kind::TimedOut);
}

TEST(ConnectionTime, F82TakesNoAnswerThatComesAfterAnHour) {
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

TEST(ConnectionTime, GivesWorkHalfAMinuteAndWhatAPersonDoesElsewhereMore) {
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

TEST(ConnectionTime, ShowsALifeSignEveryTwoSeconds) {
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
