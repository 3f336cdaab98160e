// SPDX-License-Identifier: ISC
// The module when a signal or a cancellation comes while it waits.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "stepupd/base/boot_time.h"
#include "tests/fakes/counted_signal.h"
#include "tests/integration/surroundings.h"

#include "tests/integration/pam_module.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;

TEST_GROUP_BASE(PamModuleInterruption, PamModuleFixture){};

TEST(PamModuleInterruption, EndsTheWaitOnCtrlCAndLeavesTheSignalToTheApplication) {
  // As in sudo, whose account phase catches SIGINT, and whose auth phase blocks it.
  for (const bool blocked : {false, true}) {
    const CountedSignal interrupts(SIGINT);
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    if (blocked) CHECK_EQUAL(0, pthread_sigmask(SIG_BLOCK, &interrupt, nullptr));
    BootTime pressed{};
    bool cancelled = false;
    {
      const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
        (void)connection.receive();
        connection.send(wire::Heartbeat{});
        (void)usleep(20'000);  // into the module's wait
        pressed = boot_now();
        (void)kill(getpid(), SIGINT);
        if (auto packet = connection.receive()) {
          const auto cancel = wire::decode<wire::Cancel>(*packet);
          cancelled = packet->header.type == MessageType::Cancel && cancel &&
                      cancel->reason == wire::CancelReason::Interrupted;
        }
        connection.await_end();
      });
      const Surroundings before = look_around();
      FakeConversation application;
      CHECK_EQUAL(PAM_PERM_DENIED, account(application));
      CHECK_TRUE(boot_now() - pressed <= 250ms);
      const Surroundings after = look_around();
      CHECK_TRUE(before.mask == after.mask && before.dispositions == after.dispositions);
      CHECK_EQUAL(0, application.heard().size());
      CHECK_EQUAL(blocked ? 0 : 1, interrupts.count());
      if (blocked) {
        // It is still pending, so the retry that sudo makes is refused as well, at once.
        const BootTime again = boot_now();
        CHECK_EQUAL(PAM_AUTH_ERR, authenticate(application));
        CHECK_TRUE(boot_now() - again <= 50ms);
        CHECK_EQUAL(0, pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr));
        CHECK_EQUAL(1, interrupts.count());
      }
    }
    CHECK_TRUE(cancelled);
  }
}

TEST(PamModuleInterruption, PutsOffTheCancellationOfItsThread) {
  // Cancelled inside the module, the thread would take the whole program with it.
  std::atomic<bool> waiting = false;
  std::atomic<bool> cancelled = false;
  const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(wire::Heartbeat{});
    waiting = true;
    while (!cancelled) (void)usleep(1'000);
    connection.send(refusal(VerdictCode::Denied));
  });
  struct Shared {
    const std::string& confdir;
    int code;
  } shared{confdir, -1};
  const auto ask = [](void* argument) -> void* {
    auto* known = static_cast<Shared*>(argument);
    FakeConversation application;
    known->code = Transaction(known->confdir, application.conv()).account();
    pthread_testcancel();
    return nullptr;
  };
  pthread_t thread{};
  CHECK_EQUAL(0, pthread_create(&thread, nullptr, ask, &shared));
  while (!waiting) (void)usleep(1'000);
  CHECK_EQUAL(0, pthread_cancel(thread));
  cancelled = true;
  void* result = nullptr;
  CHECK_EQUAL(0, pthread_join(thread, &result));
  POINTERS_EQUAL(PTHREAD_CANCELED, result);
  // Anywhere from the module's return on; after pam_acct_mgmt() it is this.
  CHECK_TRUE(shared.code == PAM_PERM_DENIED || shared.code == -1);
}
