// SPDX-License-Identifier: ISC
// A touch from the request to the verdict, with a helper that says what a test tells it to: what is
// asked of a key, what counts, and what is remembered of a request that nobody answered.
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/step_up.h"
#include "stepupd/wire/helper_messages.h"
#include "tests/unit/fido2_signer.h"

#include "tests/unit/dialogue_bench.h"  // CppUTest comes last
#include "tests/unit/enrolled_store.h"

using namespace stepup;
using namespace stepup::daemon;
using factor::Bytes;
using factor::Fido2Signer;
using factor::kUp;
using factor::kUv;
using wire::CancelReason;
using wire::CeremonyStage;
using wire::MessageId;
using wire::VerdictCode;

namespace {

const std::string kRp = "stepup:0123456789abcdef";

// Serves one request after the other.
class FakeHelper {
 public:
  // What to do with the n-th request; what it sends goes to stepupd at once.
  using Script = std::function<void(FakeHelper&, const wire::AssertRequest&)>;

  void start(sd_event* loop, const std::string& path) {
    listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    // SAFETY: bind(2) takes every address family through sockaddr.
    CHECK_EQUAL(0,
                bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    CHECK_EQUAL(0, listen(listener_.get(), 8));
    CHECK_TRUE(source_.start(loop, listener_.get(), EPOLLIN, [this](std::uint32_t) { serve(); })
                   .has_value());
  }

  template <typename Message>
  void send(const Message& message) {
    const auto packet = wire::encode(id_, message);
    CHECK_TRUE(wire::send_packet(connection_.get(), *packet).has_value());
  }
  void blink() { send(wire::CeremonyProgress{CeremonyStage::TouchWanted, ""}); }

  Script script;
  int requests = 0;

 private:
  void serve() {
    connection_.reset(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    auto bytes = wire::receive_packet(connection_.get());
    if (!bytes) return;  // stepupd changed its mind
    const auto packet = wire::split(std::move(*bytes));
    id_ = packet->header.request_id;
    const auto request = wire::decode<wire::AssertRequest>(*packet);
    CHECK_TRUE(request.has_value());
    ++requests;
    script(*this, *request);
  }

  UniqueFd listener_;
  UniqueFd connection_;
  wire::RequestId id_{};
  IoSource source_;
};

// A security key, as it was enrolled.
struct SoftKey {
  Bytes id;
  Fido2Signer signer;
  std::uint32_t count = 7;

  [[nodiscard]] store::Credential enrolled(const char* label, bool uv) const {
    store::Credential credential = store::security_key_of(kAlice);
    credential.label = label;
    credential.fido2->rp_id = kRp;
    credential.fido2->credential = {id, signer.public_key(), count};
    credential.fido2->uv_capable = credential.fido2->uv_required = uv;
    return credential;
  }
  wire::Assertion touch(const Bytes& challenge, std::uint8_t flags = kUp) {
    wire::Assertion assertion;
    assertion.credential_id = id;
    assertion.auth_data = factor::auth_data_of(kRp, flags, ++count);
    assertion.signature = signer.sign(factor::joined({assertion.auth_data, challenge}));
    return assertion;
  }
};

// Holds the touch of its subject, for a prompt elsewhere.
struct Elsewhere {
  Elsewhere(TouchDesk& desk, const char* what) : turn(desk, kAlice.uid, {what, "4f7"}) {
    holding = hold();
    holding.start();
  }
  Task<bool> hold() { co_return co_await turn; }

  TouchDesk::Turn turn;
  Task<bool> holding;
};

Task<wire::Verdict> dialogue(Engine& engine, Connection& connection, StepUpOrder order) {
  auto asking = step_up(engine, connection, std::move(order));
  const StepUpResult result = co_await std::move(asking);
  if (result.kind != StepUpResult::Kind::Proved) co_return result.refusal;
  co_return wire::Verdict{VerdictCode::Granted, {}};
}

}  // namespace

TEST_GROUP(TouchStep) {
  DialogueBench bench;
  FakeHelper helper;
  SoftKey key{Bytes(40, 0xc1), Fido2Signer(factor::CoseAlgorithm::EdDsa)};

  void start() {
    helper.start(bench.start(rule_set(rule())).loop(), bench.state.file("helper.sock"));
  }

  DialogueBench::Course prove(Level level, std::deque<DialogueBench::Act> acts = {}) {
    StepUpOrder order;
    order.subject = kAlice;
    order.level = level;
    order.what = "sudo: id";
    order.service = "sudo";
    order.local_key = true;
    return bench.talk(
        wire::Socket::Stepupd, 0, sudo(),
        [this, order](Connection& connection, const wire::Packet&) {
          return dialogue(bench.engine(), connection, order);
        },
        std::move(acts));
  }
  [[nodiscard]] bool is_paused() {
    return bench.engine().touch_desk.fatigue.paused_for(kAlice.uid, boot_now()) > BootTime::zero();
  }
  [[nodiscard]] bool was_told(const DialogueBench::Course& course, MessageId id) {
    return std::ranges::find(course.told, id) != course.told.end();
  }
};

TEST(TouchStep, GrantsForATouchOverItsOwnChallenge) {
  bench.enrol(key.enrolled("key", false), {});
  start();
  helper.script = [this](FakeHelper& self, const wire::AssertRequest& request) {
    self.blink();
    self.send(key.touch(request.ceremony.client_data_hash));
  };
  CHECK_TRUE(prove(Level::Touch).verdict.code == VerdictCode::Granted);
}

// What a captured helper could send, and what one touch leaves for the next request.
TEST(TouchStep, T04_TakesNoTouchOfAnotherRequest) {
  bench.enrol(key.enrolled("key", false), {});
  start();
  std::vector<Bytes> challenges;
  std::optional<wire::Assertion> stolen;
  helper.script = [&](FakeHelper& self, const wire::AssertRequest& request) {
    challenges.push_back(request.ceremony.client_data_hash);
    self.blink();
    if (!stolen) {
      stolen = key.touch(request.ceremony.client_data_hash);
      self.send(wire::CeremonyFailed{wire::CeremonyFailure::Device, ""});
    } else {
      self.send(*stolen);
    }
  };
  CHECK_TRUE(prove(Level::Touch).verdict.code == VerdictCode::Denied);
  const auto course = prove(Level::Touch);
  CHECK_TRUE(course.verdict.code == VerdictCode::Denied);
  CHECK_TRUE(course.verdict.words.id == MessageId::RefusedKeyFailed);
  CHECK_TRUE(challenges[0] != challenges[1]);
}

// A key with firmware of its owner's can claim any credential at the first look, and verify its
// user by its own word.
TEST(TouchStep, NeverMeetsALevelByAKeyThatWasNotAskedFor) {
  SoftKey weak{Bytes(40, 0xd2), Fido2Signer(factor::CoseAlgorithm::EdDsa)};
  bench.enrol(key.enrolled("key", true), {});
  bench.enrol(weak.enrolled("weak", false), {});
  start();
  helper.script = [&](FakeHelper& self, const wire::AssertRequest& request) {
    CHECK_EQUAL(1, request.credentials.size());
    CHECK_TRUE(request.credentials[0] == key.id);
    self.send(weak.touch(request.ceremony.client_data_hash, kUp | kUv));
  };
  const auto course = prove(Level::TouchWithUv);
  CHECK_TRUE(course.verdict.code == VerdictCode::Denied);
  CHECK_TRUE(course.verdict.words.id == MessageId::RefusedKeyFailed);
}

// Or whoever cannot prove anything has the key blink for as long as it takes.
TEST(TouchStep, V85_ACodeThatIsWrongLeavesTheTouchUnanswered) {
  bench.enrol(key.enrolled("key", false), {});
  bench.enrol(kAlice);
  start();
  helper.script = [](FakeHelper& self, const wire::AssertRequest&) { self.blink(); };
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(is_paused());
    CHECK_EQUAL(2, prove(Level::Otp, {"junk", CancelReason::Interrupted}).prompts);
  }
  CHECK_TRUE(is_paused());
  CHECK_EQUAL(3, helper.requests);
  const auto course = prove(Level::Otp, {DialogueBench::code(0)});
  CHECK_TRUE(course.verdict.code == VerdictCode::Granted);
  CHECK_TRUE(was_told(course, MessageId::TouchCooldown));
  CHECK_EQUAL(3, helper.requests);
}

TEST(TouchStep, V85_WhoTypesTheRightCodeInsteadIsNotPaused) {
  bench.enrol(key.enrolled("key", false), {});
  bench.enrol(kAlice);
  start();
  helper.script = [](FakeHelper& self, const wire::AssertRequest&) { self.blink(); };
  for (int i = 0; i < 4; ++i) {
    const auto code = DialogueBench::code(static_cast<std::uint64_t>(i));
    CHECK_TRUE(prove(Level::Otp, {code}).verdict.code == VerdictCode::Granted);
    CHECK_FALSE(is_paused());
  }
  CHECK_EQUAL(4, helper.requests);
}

TEST(TouchStep, F66_WaitsBehindTheTouchOfAnotherPromptAndSaysForWhat) {
  bench.enrol(key.enrolled("key", false), {});
  start();
  helper.script = [this](FakeHelper& self, const wire::AssertRequest& request) {
    self.blink();
    self.send(key.touch(request.ceremony.client_data_hash));
  };
  auto lock_screen = std::make_unique<Elsewhere>(bench.engine().touch_desk, "gdm-password");
  bench.when_told = [&](MessageId id) {
    CHECK_EQUAL(0, helper.requests);  // nothing blinks for it yet
    if (id == MessageId::TouchQueued) lock_screen.reset();
    bench.when_told = nullptr;
  };
  const auto course = prove(Level::Touch);
  CHECK_TRUE(course.verdict.code == VerdictCode::Granted);
  CHECK_TRUE(course.told.front() == MessageId::TouchQueued);
  CHECK_EQUAL(1, helper.requests);
}

TEST(TouchStep, F66_OffersTheCodeAtOnceWhereOneIsEnough) {
  bench.enrol(key.enrolled("key", false), {});
  bench.enrol(kAlice);
  start();
  const Elsewhere lock_screen(bench.engine().touch_desk, "gdm-password");
  const auto course = prove(Level::Otp, {DialogueBench::code(0)});
  CHECK_TRUE(course.verdict.code == VerdictCode::Granted);
  CHECK_TRUE(course.told.front() == MessageId::TouchQueued);
  CHECK_EQUAL(0, helper.requests);
}

TEST(TouchStep, IsDeniedWithoutTheHelperAndWhenItSpeaksNonsense) {
  bench.enrol(key.enrolled("key", false), {});
  bench.start(rule_set(rule()));
  CHECK_TRUE(prove(Level::Touch).verdict.words.id == MessageId::RefusedHelper);
  helper.start(bench.engine().loop(), bench.state.file("helper.sock"));
  helper.script = [](FakeHelper& self, const wire::AssertRequest&) {
    self.send(wire::NewCredential{});
  };
  const auto course = prove(Level::Touch);
  CHECK_TRUE(course.verdict.code == VerdictCode::Denied);
  CHECK_TRUE(course.verdict.words.id == MessageId::RefusedKeyFailed);
}
