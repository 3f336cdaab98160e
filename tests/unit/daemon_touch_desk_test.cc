// SPDX-License-Identifier: ISC
#include <chrono>
#include <memory>
#include <vector>

#include "stepupd/daemon/task.h"
#include "stepupd/daemon/touch_desk.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::daemon;

namespace {

constexpr uid_t kAlice = 1000;
constexpr uid_t kBob = 1001;

// A request for a touch: notes whether its turn came, and holds it until it is told to end.
struct Request {
  Request(TouchDesk& desk, uid_t uid, const char* what) : turn(desk, uid, {what, "4f7"}) {}

  Task<bool> run() {
    outcome = co_await turn;
    ended = true;
    co_return outcome;
  }

  TouchDesk::Turn turn;
  bool outcome = false;
  bool ended = false;
};

}  // namespace

TEST_GROUP(TouchFatigue) { TouchFatigue fatigue; };

TEST(TouchFatigue, V85_PausesAfterThreeUnansweredWithinFiveMinutes) {
  fatigue.unanswered(kAlice, 10s);
  fatigue.unanswered(kAlice, 100s);
  CHECK_TRUE(fatigue.paused_for(kAlice, 100s) == 0s);
  fatigue.unanswered(kAlice, 310s);
  CHECK_TRUE(fatigue.paused_for(kAlice, 310s) == 15min);
  CHECK_TRUE(fatigue.paused_for(kAlice, 310s + 15min - 1ms) == 1ms);
  CHECK_TRUE(fatigue.paused_for(kAlice, 310s + 15min) == 0s);
}

TEST(TouchFatigue, DoesNotPauseForThreeThatAreFurtherApart) {
  fatigue.unanswered(kAlice, 0s);
  fatigue.unanswered(kAlice, 150s);
  fatigue.unanswered(kAlice, 5min + 1ms);
  CHECK_TRUE(fatigue.paused_for(kAlice, 5min + 1ms) == 0s);
  // The last two of them still count.
  fatigue.unanswered(kAlice, 5min + 2ms);
  CHECK_TRUE(fatigue.paused_for(kAlice, 5min + 2ms) == 15min);
}

TEST(TouchFatigue, IsThePersonsOwnAndEndsWithATouch) {
  for (int i = 0; i < 3; ++i) fatigue.unanswered(kAlice, 1s);
  CHECK_TRUE(fatigue.paused_for(kBob, 1s) == 0s);
  fatigue.answered(kAlice);
  CHECK_TRUE(fatigue.paused_for(kAlice, 1s) == 0s);
}

TEST_GROUP(TouchDesk) {
  void setup() override {
    sd_event* raw = nullptr;
    CHECK_TRUE(sd_event_new(&raw) >= 0);
    loop.reset(raw);
    CHECK_TRUE(static_cast<bool>(desk.start(loop.get())));
  }

  // Runs what is due by now.
  void settle() {
    (void)sd_event_run(loop.get(), 30'000);  // as long as the timer may be late
  }

  EventLoop loop;
  TouchDesk desk;
};

TEST(TouchDesk, V86_GivesOnePersonOneTurnAtATime) {
  auto first = std::make_unique<Request>(desk, kAlice, "sudo: id");
  Request second(desk, kAlice, "sudo: reboot");
  auto running = first->run();
  running.start();
  auto waiting = second.run();
  waiting.start();
  CHECK_TRUE(first->outcome);
  CHECK_FALSE(second.ended);
  STRCMP_EQUAL("sudo: id", desk.outstanding(kAlice)->what.c_str());
  settle();
  CHECK_FALSE(second.ended);
  running = {};
  first.reset();
  settle();
  CHECK_TRUE(second.ended);
  CHECK_TRUE(second.outcome);
  STRCMP_EQUAL("sudo: reboot", desk.outstanding(kAlice)->what.c_str());
}

TEST(TouchDesk, LetsPeopleTouchIndependently) {
  Request alice(desk, kAlice, "sudo: id");
  Request bob(desk, kBob, "sudo: id");
  auto a = alice.run();
  a.start();
  auto b = bob.run();
  b.start();
  CHECK_TRUE(alice.outcome);
  CHECK_TRUE(bob.outcome);
}

TEST(TouchDesk, ForgetsARequestThatNobodyWaitsForAnyMore) {
  auto first = std::make_unique<Request>(desk, kAlice, "sudo: id");
  Request second(desk, kAlice, "sudo: reboot");
  Request third(desk, kAlice, "sudo: ls");
  auto a = first->run();
  a.start();
  auto b = second.run();
  b.start();
  auto c = third.run();
  c.start();
  second.turn.abandon();
  CHECK_FALSE(second.ended);  // never in the middle of what its caller does
  settle();
  CHECK_TRUE(second.ended);
  CHECK_FALSE(second.outcome);
  CHECK_FALSE(third.ended);
  a = {};
  first.reset();
  settle();
  CHECK_TRUE(third.outcome);
}

TEST(TouchDesk, IsFreeWhenEverybodyHasLeft) {
  {
    Request request(desk, kAlice, "sudo: id");
    auto running = request.run();
    running.start();
    CHECK_TRUE(desk.outstanding(kAlice) != nullptr);
  }
  CHECK_TRUE(desk.outstanding(kAlice) == nullptr);
}

TEST(TouchDesk, IsFullAtFourPeople) {
  std::vector<std::unique_ptr<Request>> requests;
  std::vector<Task<bool>> running;
  for (uid_t uid = 0; uid < 4; ++uid) {
    CHECK_FALSE(desk.is_full());
    requests.push_back(std::make_unique<Request>(desk, uid, "sudo: id"));
    running.push_back(requests.back()->run());
    running.back().start();
  }
  CHECK_TRUE(desk.is_full());
  running.clear();
}
