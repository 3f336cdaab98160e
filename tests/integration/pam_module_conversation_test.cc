// SPDX-License-Identifier: ISC
// The module and the application's conversation function.
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/integration/surroundings.h"

#include "tests/integration/pam_module.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;
using Behaviour = FakeConversation::Behaviour;

TEST_GROUP_BASE(PamModuleConversation, PamModuleFixture){};

TEST(PamModuleConversation, RelaysThePromptsAndTheAnswers) {
  std::vector<std::string> answers;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      (void)connection.receive();
      for (int attempt = 0; attempt < 3; ++attempt) {
        if (attempt > 0) connection.send(kWrong);
        connection.send(kPrompt);
        if (auto packet = connection.receive()) {
          if (auto answer = wire::decode<wire::Answer>(*packet)) {
            answers.emplace_back(answer->text.text());
          }
        }
      }
      connection.send(verdict_of(VerdictCode::Granted));
    });
    FakeConversation application({"111111", "222222", "755224"});
    // sudo passes PAM_SILENT in the account phase; the question must come all the same.
    CHECK_EQUAL(PAM_SUCCESS, account(application, PAM_SILENT));
    CHECK_EQUAL(3, application.texts(PAM_PROMPT_ECHO_ON).size());
    CHECK_EQUAL(2, application.texts(PAM_ERROR_MSG).size());
    CHECK_EQUAL(5, application.heard().size());
  }
  CHECK_TRUE(answers == (std::vector<std::string>{"111111", "222222", "755224"}));
}

TEST(PamModuleConversation, F82AnAnswerThatComesAfterTheVerdictChangesNothing) {
  std::atomic<bool> decided = false;
  const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(kPrompt);
    connection.send(refusal(VerdictCode::Denied));  // its time is up
    decided = true;
    connection.await_end();
  });
  FakeConversation application({"755224"});
  application.before_answer = [&] {
    while (!decided) (void)usleep(1000);
  };
  CHECK_EQUAL(PAM_PERM_DENIED, account(application));
}

TEST(PamModuleConversation, RefusesWhenTheApplicationCannotPrompt) {
  struct Case {
    const char* name;
    Behaviour behaviour;
    std::vector<std::string> answers;
    wire::CancelReason reason;
    int error = PAM_CONV_ERR;
  };
  using enum wire::CancelReason;
  const std::string longer(513, '1');
  const std::string endless(1'000'000, '1');
  const Case cases[] = {
      {"error", Behaviour::Fails, {}, NoConversation},
      {"unknown error", Behaviour::Fails, {}, NoConversation, -4711},
      {"error and set", Behaviour::FailsAndSets, {}, NoConversation},
      {"again and set", Behaviour::FailsAndSets, {}, NoConversation, PAM_CONV_AGAIN},
      {"no array", Behaviour::NullArray, {}, NoConversation},
      {"no text", Behaviour::NullResponse, {}, NoConversation},
      {"empty answer", Behaviour::Answers, {""}, EmptyAnswer},
      {"long answer", Behaviour::Answers, {longer}, Unusable},
      {"endless answer", Behaviour::Answers, {endless}, Unusable},
  };
  for (const Case& c : cases) {
    std::vector<wire::CancelReason> reasons;
    {
      const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
        (void)connection.receive();
        connection.send(kPrompt);
        if (auto packet = connection.receive(); packet) {
          if (packet->header.type == MessageType::Cancel) {
            reasons.push_back(wire::decode<wire::Cancel>(*packet)->reason);
          }
        }
        connection.send(refusal(VerdictCode::Denied));
      });
      FakeConversation application(c.answers, c.behaviour);
      application.error = c.error;
      const bool asked = c.reason != NoConversation;
      CHECK_EQUAL_TEXT(asked ? PAM_AUTH_ERR : PAM_CONV_ERR, authenticate(application), c.name);
      CHECK_EQUAL_TEXT(asked ? PAM_PERM_DENIED : PAM_CONV_ERR, account(application), c.name);
      CHECK_TEXT(application.kept_its_text(), c.name);
    }
    CHECK_TEXT(reasons == (std::vector{c.reason, c.reason}), c.name);
  }
  // Without any conversation function at all.
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(kPrompt);
    (void)connection.receive();
    connection.send(refusal(VerdictCode::Denied));
  });
  const pam_conv none{nullptr, nullptr};
  CHECK_EQUAL(PAM_CONV_ERR, Transaction(confdir, &none).account());
}

TEST(PamModuleConversation, ShowsTheRefusalOfADaemonThatDidNotWaitForTheAnswer) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(kPrompt);
    connection.send(wire::Verdict{
        .code = VerdictCode::Denied,
        .words = {.id = MessageId::RefusedTimedOut, .args = {"sudo", "host"}}
    });
  });
  FakeConversation application({"755224"});
  application.before_answer = [&] { (void)usleep(20'000); };  // until the daemon has closed
  CHECK_EQUAL(PAM_PERM_DENIED, account(application));
  CHECK_TRUE(contains(application.texts(PAM_ERROR_MSG).at(0), "no answer within 60 seconds"));
}

TEST(PamModuleConversation, TakesTheFirstOfSeveralResponsesAndTouchesNoOther) {
  std::string answer;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      (void)connection.receive();
      connection.send(kPrompt);
      if (auto packet = connection.receive()) {
        answer = wire::decode<wire::Answer>(*packet)->text.text();
      }
      connection.send(verdict_of(VerdictCode::Granted));
    });
    FakeConversation application({"755224"}, Behaviour::AnswersMore);
    CHECK_EQUAL(PAM_SUCCESS, account(application));
    CHECK_TRUE(application.kept_its_text());
  }
  STRCMP_EQUAL("755224", answer.c_str());
}

TEST(PamModuleConversation, LeaksNothingHoweverTheApplicationAnswers) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(kPrompt);
    (void)connection.receive();
    connection.send(refusal(VerdictCode::Denied));  // whose words are shown
  });
  for (const Behaviour behaviour :
       {Behaviour::Answers, Behaviour::Fails, Behaviour::NullArray, Behaviour::NullResponse,
        Behaviour::FailsAndSets, Behaviour::AnswersMore, Behaviour::AnswersAll}) {
    std::size_t allocated_before = 0;
    for (int i = 0; i < 600; ++i) {
      if (i == 100) allocated_before = allocated();
      FakeConversation application({"755224"}, behaviour);
      CHECK_TRUE(account(application) != PAM_SUCCESS);
    }
    // A leak of 8 bytes in each would show.
    CHECK_TRUE(allocated() < allocated_before + 4'000);
  }
}
