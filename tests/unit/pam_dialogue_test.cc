// SPDX-License-Identifier: ISC
#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "pam_stepup/dialogue.h"
#include "stepupd/wire/words.h"
#include "tests/fakes/fake_stepupd.h"
#include "tests/fakes/fake_stepupd_conversation.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::pam_stepup;
using fakes::FakeConversation;
using wire::CancelReason;
using wire::MessageId;
using wire::VerdictCode;
using Behaviour = FakeConversation::Behaviour;

namespace {

const wire::Prompt kPrompt{
    .words = {.id = MessageId::PromptOtp, .args = {"alice", "host", "sudo: id"}},
      .echo = true
};
constexpr const char* kPromptText = "One-time code for alice@host (sudo: id): ";

wire::Verdict verdict(VerdictCode code, MessageId id = MessageId::None) {
  return {
      .code = code, .words = {.id = id, .args = {"sudo", "host"}}
  };
}
wire::Verdict bare(VerdictCode code) { return {.code = code, .words = {}}; }

}  // namespace

// The daemon's packets are queued before the module reads any, which needs no thread.
TEST_GROUP(PamDialogue) {
  fakes::ScratchDirectory scratch;
  fakes::FakeListener listener{scratch.file("sock")};

  struct Run {
    Answered<VerdictCode> outcome;
    std::vector<wire::Packet> sent;  // what the module sent after its request
  };

  // Queues what `script` says, closes the daemon's sending side if `leave`, and relays.
  Run run(FakeConversation & application, const std::function<void(fakes::FakeConnection&)>& script,
          bool leave = true) {
    auto client = wire::Client::connect(listener.path(), wire::Socket::Stepupd,
                                        {.first_reply = 30ms, .heartbeat = 30ms, .message = 5s});
    CHECK_TRUE(client.has_value());
    CHECK_TRUE(client->send(wire::CheckRequest{}).has_value());
    auto daemon = listener.accept();
    CHECK_TRUE(daemon.receive().has_value());
    script(daemon);
    if (leave) (void)shutdown(daemon.fd(), SHUT_WR);
    Conversation conversation(application.conv());
    Run run{relay(*client, listener.path(), wire::Program::Other, conversation), {}};
    while (fakes::readable(daemon.fd(), 0ms)) {
      auto packet = daemon.receive();
      if (!packet) break;
      run.sent.push_back(std::move(*packet));
    }
    return run;
  }

  void check_failure(const Answered<VerdictCode>& outcome, Failure failure, MessageId id,
                     const char* name) {
    CHECK_TEXT(!outcome.has_value(), name);
    CHECK_TEXT(outcome.error().failure == failure, name);
    CHECK_TEXT(outcome.error().words.id == id, name);
  }
};

TEST(PamDialogue, HandsNoAgentOverOutsideOfSudoSuAndDoas) {
  FakeConversation application;
  const Run asked = run(application, [](fakes::FakeConnection& daemon) {
    daemon.send(wire::AgentRequest{});
    daemon.send(wire::Verdict{.code = VerdictCode::Granted, .words = {}});
  });
  check_failure(asked.outcome, Failure::DaemonUntrusted, MessageId::DaemonNonsense, "asked");
  CHECK_TRUE(asked.sent.empty());
}

TEST(PamDialogue, ReturnsEachVerdictAndShowsItsWords) {
  for (const VerdictCode code :
       {VerdictCode::Granted, VerdictCode::NotRequired, VerdictCode::Denied, VerdictCode::LockedOut,
        VerdictCode::Unavailable}) {
    FakeConversation application;
    const bool positive = code == VerdictCode::Granted || code == VerdictCode::NotRequired;
    const auto result = run(application, [&](auto& daemon) {
      daemon.send(positive ? bare(code) : verdict(code, MessageId::Refused));
    });
    CHECK_TRUE(result.outcome == code);
    CHECK_TRUE(result.sent.empty());
    const std::vector<FakeConversation::Message> nothing;
    const std::vector<FakeConversation::Message> words = {
        {PAM_ERROR_MSG, "sudo on host was refused."}
    };
    CHECK_TRUE(application.heard() == (positive ? nothing : words));
  }
}

TEST(PamDialogue, RelaysThreeAttemptsEachAfterOneLine) {
  FakeConversation application({"111111", "222222", "755224"});
  const wire::Notice wrong{
      .words = {.id = MessageId::WrongCode, .args = {}}
  };
  const wire::Notice lost{
      .words = {.id = MessageId::WrongCodeLostDevice, .args = {}}
  };
  const auto result = run(application, [&](auto& daemon) {
    daemon.send(kPrompt);
    daemon.send(wire::Heartbeat{});
    daemon.send(wrong);
    daemon.send(kPrompt);
    daemon.send(lost);
    daemon.send(kPrompt);
    daemon.send(bare(VerdictCode::Granted));
  });
  CHECK_TRUE(result.outcome == VerdictCode::Granted);
  CHECK_EQUAL(3, result.sent.size());
  CHECK_TRUE(wire::decode<wire::Answer>(result.sent[0])->text.text() == "111111");
  CHECK_TRUE(wire::decode<wire::Answer>(result.sent[2])->text.text() == "755224");
  CHECK_TRUE(application.heard() == (std::vector<FakeConversation::Message>{
                                        {PAM_PROMPT_ECHO_ON, kPromptText                },
                                        {PAM_ERROR_MSG,      wire::sentence(wrong.words)},
                                        {PAM_PROMPT_ECHO_ON, kPromptText                },
                                        {PAM_ERROR_MSG,      wire::sentence(lost.words) },
                                        {PAM_PROMPT_ECHO_ON, kPromptText                },
  }));
}

TEST(PamDialogue, HidesWhatIsTypedUnlessTheDaemonSaysOtherwise) {
  FakeConversation application({"1"});
  (void)run(application,
            [](auto& daemon) { daemon.send(wire::Prompt{.words = kPrompt.words, .echo = false}); });
  CHECK_EQUAL(1, application.texts(PAM_PROMPT_ECHO_OFF).size());
}

TEST(PamDialogue, TellsTheDaemonWhyThereIsNoAnswer) {
  struct Case {
    const char* name;
    Behaviour behaviour;
    std::vector<std::string> answers;
    CancelReason reason;
    bool conversation_failed;
  };
  const Case cases[] = {
      {"error",    Behaviour::Fails,        {},                      CancelReason::NoConversation, true },
      {"no array", Behaviour::NullArray,    {},                      CancelReason::NoConversation, true },
      {"no text",  Behaviour::NullResponse, {},                      CancelReason::NoConversation, true },
      {"empty",    Behaviour::Answers,      {""},                    CancelReason::EmptyAnswer,    false},
      {"too long", Behaviour::Answers,      {std::string(513, '1')}, CancelReason::Unusable,       false},
  };
  for (const Case& c : cases) {
    FakeConversation application(c.answers, c.behaviour);
    const auto result = run(application, [](auto& daemon) {
      daemon.send(kPrompt);
      daemon.send(verdict(VerdictCode::Denied, MessageId::RefusedCancelled));
    });
    CHECK_EQUAL_TEXT(1, result.sent.size(), c.name);
    CHECK_TEXT(wire::decode<wire::Cancel>(result.sent[0])->reason == c.reason, c.name);
    if (c.conversation_failed) {
      check_failure(result.outcome, Failure::ConversationFailed, MessageId::None, c.name);
    } else {
      CHECK_TEXT(result.outcome == VerdictCode::Denied, c.name);
    }
    CHECK_EQUAL_TEXT(1, application.texts(PAM_ERROR_MSG).size(), c.name);
  }
}

TEST(PamDialogue, TakesEnterForAnAnswerWhereTheDaemonSaysSo) {
  const wire::Prompt touch{.words = kPrompt.words, .echo = true, .enter_answers = true};
  for (const bool enter : {true, false}) {
    FakeConversation application({enter ? "" : "755224"});
    const auto result = run(application, [&](auto& daemon) {
      daemon.send(touch);
      daemon.send(bare(VerdictCode::Granted));
    });
    CHECK_TRUE(result.outcome == VerdictCode::Granted);
    CHECK_TRUE(wire::decode<wire::Answer>(result.sent.at(0))->text.text() ==
               (enter ? "" : "755224"));
  }
  // What is no answer at all stays none.
  FakeConversation application({std::string(513, '1')});
  const auto result = run(application, [&](auto& daemon) {
    daemon.send(touch);
    daemon.send(verdict(VerdictCode::Denied, MessageId::RefusedCancelled));
  });
  CHECK_TRUE(wire::decode<wire::Cancel>(result.sent.at(0))->reason == CancelReason::Unusable);
  CHECK_TRUE(result.outcome == VerdictCode::Denied);
}

TEST(PamDialogue, TakesAPromptThatFailsAfterAWhileForCtrlC) {
  FakeConversation application({}, Behaviour::Fails);
  application.before_answer = [] { (void)usleep(260'000); };
  const auto result = run(application, [](auto& daemon) {
    daemon.send(kPrompt);
    daemon.send(verdict(VerdictCode::Denied, MessageId::RefusedCancelled));
  });
  CHECK_TRUE(wire::decode<wire::Cancel>(result.sent.at(0))->reason == CancelReason::Interrupted);
  CHECK_TRUE(result.outcome == VerdictCode::Denied);
}

TEST(PamDialogue, TakesOnlyARefusalAfterACancel) {
  for (const VerdictCode code : {VerdictCode::Granted, VerdictCode::NotRequired}) {
    FakeConversation application({""});
    const auto result = run(application, [&](auto& daemon) {
      daemon.send(kPrompt);
      daemon.send(bare(code));
    });
    check_failure(result.outcome, Failure::DaemonUntrusted, MessageId::DaemonNonsense, "granted");
  }
  FakeConversation application({""});
  const auto again = run(application, [](auto& daemon) {
    daemon.send(kPrompt);
    daemon.send(kPrompt);
  });
  check_failure(again.outcome, Failure::DaemonUntrusted, MessageId::DaemonNonsense, "prompt");
  FakeConversation silent({}, Behaviour::Fails);
  const auto locked = run(silent, [](auto& daemon) {
    daemon.send(kPrompt);
    daemon.send(verdict(VerdictCode::LockedOut, MessageId::RefusedLockedOut));
  });
  CHECK_TRUE(locked.outcome == VerdictCode::LockedOut);
}

TEST(PamDialogue, RefusesWhatIsNotTheProtocol) {
  struct Case {
    const char* name;
    std::function<void(fakes::FakeConnection&)> script;
    MessageId id;
  };
  const auto header_only = [](wire::MessageType type) {
    return [type](fakes::FakeConnection& daemon) {
      wire::Encoder out;
      wire::put_header(out, {wire::kVersion, type, daemon.id()});
      daemon.send_raw(out.take());
    };
  };
  const Case cases[] = {
      {"empty prompt",        header_only(wire::MessageType::Prompt),                         MessageId::DaemonNonsense},
      {"empty notice",        header_only(wire::MessageType::Notice),                         MessageId::DaemonNonsense},
      {"empty verdict",       header_only(wire::MessageType::Verdict),                        MessageId::DaemonNonsense},
      {"empty mismatch",      header_only(wire::MessageType::VersionMismatch),
       MessageId::DaemonNonsense                                                                                       },
      {"a request",           header_only(wire::MessageType::CheckRequest),                   MessageId::DaemonNonsense},
      {"control's reply",     header_only(wire::MessageType::StatusReport),                   MessageId::DaemonNonsense},
      {"one byte",            [](auto& daemon) { daemon.send_raw(SecretBytes(1)); },
       MessageId::DaemonNonsense                                                                                       },
      {"notices without end",
       [](auto& daemon) {
         for (int i = 0; i < 40; ++i) daemon.send(wire::Notice{});
         daemon.send(bare(VerdictCode::Granted));
       },                                                                                     MessageId::DaemonNonsense},
      {"another version",     [](auto& daemon) { daemon.send(wire::VersionMismatch{2, 3}); },
       MessageId::DaemonVersion                                                                                        },
  };
  for (const Case& c : cases) {
    FakeConversation application;
    const auto result = run(application, c.script);
    check_failure(result.outcome, Failure::DaemonUntrusted, c.id, c.name);
  }
}

TEST(PamDialogue, SaysWhenTheDaemonLeavesOrFallsSilent) {
  FakeConversation application;
  const auto left = run(application, [](auto& daemon) { daemon.send(wire::Heartbeat{}); });
  check_failure(left.outcome, Failure::DaemonAbsent, MessageId::DaemonLeft, "left");
  const auto silent = run(application, [](auto&) {}, false);
  check_failure(silent.outcome, Failure::DaemonAbsent, MessageId::DaemonSilent, "silent");
}

TEST(PamDialogue, OfOneFlippedBitNeverLetsAnybodyThrough) {
  // A Granted packet without its last bit right, and so on for each of its bits.
  const std::size_t bits = wire::encode(wire::RequestId{}, bare(VerdictCode::Granted))->size() * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    FakeConversation application;
    const auto result = run(application, [&](auto& daemon) {
      auto packet = *wire::encode(daemon.id(), bare(VerdictCode::Granted));
      packet.bytes()[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      daemon.send_raw(packet);
    });
    CHECK_TRUE(!result.outcome.has_value());
  }
}

TEST(PamDialogue, AwaitsAReceiptAndShowsNothing) {
  const auto receipt = [&](const std::function<void(fakes::FakeConnection&)>& script) {
    auto client = wire::Client::connect(listener.path(), wire::Socket::Stepupd, {});
    CHECK_TRUE(client->send(wire::CheckRequest{}).has_value());
    auto daemon = listener.accept();
    CHECK_TRUE(daemon.receive().has_value());
    script(daemon);
    daemon.close();
    return await_receipt(*client, listener.path());
  };
  CHECK_TRUE(receipt([](auto& daemon) { daemon.send(bare(VerdictCode::NotRequired)); }) ==
             VerdictCode::NotRequired);
  check_failure(receipt([](auto&) {}), Failure::DaemonAbsent, MessageId::DaemonLeft, "left");
  check_failure(receipt([](auto& daemon) { daemon.send(kPrompt); }), Failure::DaemonUntrusted,
                MessageId::DaemonNonsense, "prompt");
  check_failure(receipt([](auto& daemon) {
                  wire::Encoder out;
                  wire::put_header(out, {wire::kVersion, wire::MessageType::Verdict, daemon.id()});
                  daemon.send_raw(out.take());
                }),
                Failure::DaemonUntrusted, MessageId::DaemonNonsense, "empty verdict");
  // The body of a verdict in a message of another type is no verdict.
  const auto disguised = [](fakes::FakeConnection& daemon) {
    const auto packet = *wire::encode(daemon.id(), bare(VerdictCode::Granted));
    wire::Encoder out;
    wire::put_header(out, {wire::kVersion, wire::MessageType::Notice, daemon.id()});
    auto notice = out.take();
    SecretBytes whole(packet.size());
    std::ranges::copy(packet.view(), whole.bytes().begin());
    std::ranges::copy(notice.view(), whole.bytes().begin());
    daemon.send_raw(whole);
  };
  check_failure(receipt(disguised), Failure::DaemonUntrusted, MessageId::DaemonNonsense,
                "disguised");
}
