// SPDX-License-Identifier: ISC
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "pam_stepup/conversation.h"
#include "tests/fakes/fake_stepupd_conversation.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::pam_stepup;
using fakes::FakeConversation;
using wire::CancelReason;
using Behaviour = FakeConversation::Behaviour;

namespace {

wire::CheckRequest polkit_request() {
  wire::CheckRequest request;
  request.service = "polkit-1";
  return request;
}

}  // namespace

TEST_GROUP(PamConversation){};

TEST(PamConversation, ReturnsWhatThePersonTyped) {
  FakeConversation application({"755224"});
  Conversation conversation(application.conv());
  CHECK_TRUE(conversation.ask("Code: ", true)->text() == "755224");
  CHECK_TRUE(conversation.ask("PIN: ", false)->text() == "755224");
  CHECK_TRUE(application.heard() == (std::vector<FakeConversation::Message>{
                                        {PAM_PROMPT_ECHO_ON,  "Code: "},
                                        {PAM_PROMPT_ECHO_OFF, "PIN: " },
  }));
}

TEST(PamConversation, CancelsForEveryFailureOfTheApplication) {
  const pam_conv no_function{nullptr, nullptr};
  FakeConversation fails({}, Behaviour::Fails);
  FakeConversation fails_and_sets({}, Behaviour::FailsAndSets);
  FakeConversation null_array({}, Behaviour::NullArray);
  FakeConversation null_response({}, Behaviour::NullResponse);
  FakeConversation empty({""});
  FakeConversation longest({std::string(512, '1')});
  FakeConversation too_long({std::string(513, '1')});
  struct Case {
    const char* name;
    const pam_conv* conv;
    CancelReason want;
  };
  const Case cases[] = {
      {"no conversation",         nullptr,               CancelReason::NoConversation},
      {"no function",             &no_function,          CancelReason::NoConversation},
      {"error",                   fails.conv(),          CancelReason::NoConversation},
      {"error, but an array",     fails_and_sets.conv(), CancelReason::NoConversation},
      {"success, but no array",   null_array.conv(),     CancelReason::NoConversation},
      {"success, but no text",    null_response.conv(),  CancelReason::NoConversation},
      {"nothing typed",           empty.conv(),          CancelReason::EmptyAnswer   },
      {"more than an answer has", too_long.conv(),       CancelReason::Unusable      },
  };
  for (const Case& c : cases) {
    const auto answer = Conversation(c.conv).ask("Code: ", true);
    CHECK_TEXT(!answer.has_value(), c.name);
    CHECK_TEXT(answer.error() == c.want, c.name);
  }
  CHECK_EQUAL(512, Conversation(longest.conv()).ask("Code: ", true)->size());
}

TEST(PamConversation, ShowsEverythingAsAnError) {
  for (const Behaviour behaviour : {Behaviour::Answers, Behaviour::Fails, Behaviour::NullArray,
                                    Behaviour::NullResponse, Behaviour::FailsAndSets}) {
    FakeConversation application({}, behaviour);
    Conversation conversation(application.conv());
    conversation.notify("touch");
    conversation.refuse("refused");
    conversation.notify("");
    conversation.refuse("");
    CHECK_TRUE(application.heard() == (std::vector<FakeConversation::Message>{
                                          {PAM_ERROR_MSG, "touch"  },
                                          {PAM_ERROR_MSG, "refused"}
    }));
  }
  Conversation(nullptr).notify("touch");
  Conversation(nullptr).refuse("refused");
}

TEST(PamConversation, InPolkitsHelperANoticeIsNoError) {
  FakeConversation application;
  Conversation conversation(application.conv());
  conversation.fit(polkit_request());
  conversation.notify("touch");
  conversation.refuse("refused");
  CHECK_TRUE(application.heard() == (std::vector<FakeConversation::Message>{
                                        {PAM_TEXT_INFO, "touch"  },
                                        {PAM_ERROR_MSG, "refused"}
  }));
}

TEST(PamConversation, IsAbandonedWhenTheClientOfPolkitsHelperLeaves) {
  int ends[2];
  CHECK_EQUAL(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  const int own_stdin = dup(STDIN_FILENO);
  (void)dup2(ends[0], STDIN_FILENO);
  Conversation service(nullptr), other(nullptr);
  wire::CheckRequest request = polkit_request();
  other.fit(request);
  request.requester = 1;
  service.fit(request);
  CHECK_FALSE(service.abandoned());
  CHECK_EQUAL(1, write(ends[1], "x", 1));  // an answer that nobody has read yet
  CHECK_FALSE(service.abandoned());
  (void)close(ends[1]);
  CHECK_TRUE(service.abandoned());
  CHECK_FALSE(other.abandoned());
  (void)dup2(own_stdin, STDIN_FILENO);
  (void)close(own_stdin);
  (void)close(ends[0]);
}
