// SPDX-License-Identifier: ISC
// What stepupctl asks, how it answers stepupd, and how it ends.
#include <signal.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/wire/credential_messages.h"

#include "tests/integration/ctl_bench.h"  // CppUTest comes last

namespace {

using namespace stepup;
using fakes::FakeConnection;
using fakes::Heard;
using fakes::listen;
using fakes::Program;
using fakes::prompt_for;
using fakes::verdict;
using wire::CancelReason;
using wire::MessageId;
using wire::VerdictCode;

constexpr char kCtrlC = 3;

}  // namespace

TEST_GROUP_BASE(CtlDialogue, fakes::CtlFixture){};

TEST(CtlDialogue, AsksWithoutEchoAndRelaysTheAnswer) {
  ask_once(VerdictCode::Granted);
  auto program = Program::on_terminal(socket(), {"verify"});
  CHECK(program.expect("Enrolment ticket: "));
  CHECK(!program.echoes());
  program.type("123456\n");
  CHECK_EQUAL(0, program.end());
  CHECK(program.echoes());
  CHECK(!program.has_said("123456"));
  CHECK(heard().answer == "123456");
}

TEST(CtlDialogue, EndsWithTheExitCodeOfTheVerdict) {
  const struct {
    VerdictCode code;
    MessageId words;
    int want;
    const char* says;
  } kCases[] = {
      {VerdictCode::Granted,     MessageId::None,             0, ""                               },
      {VerdictCode::NotRequired, MessageId::None,             0, ""                               },
      {VerdictCode::Denied,      MessageId::RefusedWrongCode, 1, "stepupctl: verify on db1 was re"},
      {VerdictCode::Denied,      MessageId::None,             1, "stepupctl: stepupd refused"     },
      {VerdictCode::Unavailable, MessageId::RefusedBusy,      3, "stepupctl: stepup on verify"    },
      {VerdictCode::LockedOut,   MessageId::RefusedLockedOut, 4, "stepupctl: Too many wrong codes"},
  };
  for (const auto& c : kCases) {
    serve([&c](FakeConnection& client) {
      (void)client.receive();
      client.send(verdict(c.code, c.words));
    });
    auto program = Program::on_pipes(socket(), {"verify"});
    LONGS_EQUAL(c.want, program.end());
    CHECK_TEXT(program.has_said(c.says), program.output().c_str());
    daemon_.reset();
  }
}

TEST(CtlDialogue, CtrlCCancelsAndRestoresTheTerminal) {
  ask_once(VerdictCode::Denied);
  auto program = Program::on_terminal(socket(), {"verify"});
  CHECK(program.expect("Enrolment ticket: "));
  program.type({&kCtrlC, 1});
  CHECK_EQUAL(130, program.end());
  CHECK(program.echoes());
  CHECK(heard().cancel == CancelReason::Interrupted);
}

TEST(CtlDialogue, ATerminationRestoresTheTerminalToo) {
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT}) {
    ask_once(VerdictCode::Denied);
    auto program = Program::on_terminal(socket(), {"verify"});
    CHECK(program.expect("Enrolment ticket: "));
    program.send_signal(signal);
    CHECK_EQUAL(130, program.end());
    CHECK(program.echoes());
    CHECK(heard().cancel == CancelReason::Interrupted);
  }
}

TEST(CtlDialogue, EnterAloneCancels) {
  ask_once(VerdictCode::Denied, MessageId::RefusedCancelled);
  auto program = Program::on_terminal(socket(), {"verify"});
  CHECK(program.expect("Enrolment ticket: "));
  program.type("\n");
  CHECK_EQUAL(1, program.end());
  CHECK(program.echoes());
  CHECK(heard().cancel == CancelReason::EmptyAnswer);
}

TEST(CtlDialogue, AVerdictEndsAnOpenQuestion) {
  serve([](FakeConnection& client) {
    (void)client.receive();
    client.send(prompt_for(MessageId::PromptTicket));
    client.send(verdict(VerdictCode::Denied, MessageId::RefusedTimedOut));
    client.await_end();
  });
  auto program = Program::on_terminal(socket(), {"verify"});
  CHECK_EQUAL(1, program.end());
  CHECK(program.echoes());
  CHECK(program.has_said("no answer within 60 seconds"));
}

TEST(CtlDialogue, TheDaemonsDeathEndsAnOpenQuestion) {
  serve([](FakeConnection& client) {
    (void)client.receive();
    client.send(prompt_for(MessageId::PromptTicket));
  });
  auto program = Program::on_terminal(socket(), {"verify"});
  CHECK_EQUAL(3, program.end());
  CHECK(program.echoes());
  CHECK(program.has_said("stopped before it decided"));
}

TEST(CtlDialogue, ReadsAScriptsAnswersLineByLine) {
  std::vector<Heard> heard;
  serve([&heard](FakeConnection& client) {
    (void)client.receive();
    for (const MessageId id : {MessageId::PromptTicket, MessageId::PromptNewCode}) {
      client.send(prompt_for(id));
      heard.push_back(listen(client));
    }
    client.send(verdict(VerdictCode::Granted));
  });
  auto program = Program::on_pipes(socket(), {"verify"});
  program.type("first\nsecond");
  program.end_input();
  CHECK_EQUAL(0, program.end());
  daemon_.reset();
  CHECK(program.has_said("Enrolment ticket: \nCode shown by the new authenticator: \n"));
  CHECK(heard[0].answer == "first");
  CHECK(heard[1].answer == "second");
}

TEST(CtlDialogue, TakesTheEndOfAScriptsInputForNoAnswer) {
  ask_once(VerdictCode::Denied, MessageId::RefusedCancelled);
  auto program = Program::on_pipes(socket(), {"verify"});
  program.end_input();
  CHECK_EQUAL(1, program.end());
  CHECK(heard().cancel == CancelReason::EmptyAnswer);
}

TEST(CtlDialogue, SendsNoAnswerThatIsTooLongToBeOne) {
  const struct {
    std::size_t length;
    bool sent;
  } kCases[] = {
      {wire::kMaxAnswer,     true },
      {wire::kMaxAnswer + 1, false},
      {3 * wire::kMaxAnswer, false},
  };
  for (const auto& c : kCases) {
    ask_once(VerdictCode::Denied, MessageId::RefusedWrongCode);
    auto program = Program::on_pipes(socket(), {"verify"});
    program.type(std::string(c.length, '1') + "\n");
    CHECK_EQUAL(1, program.end());
    const Heard& what = heard();
    CHECK_EQUAL(c.sent, what.answer.has_value());
    CHECK_EQUAL(!c.sent, what.cancel == CancelReason::Unusable);
  }
}

TEST(CtlDialogue, SendsTheRequestOfItsVerb) {
  std::optional<wire::EnrollRequest> request;
  serve([&request](FakeConnection& client) {
    if (const auto packet = client.receive()) {
      if (auto decoded = wire::decode<wire::EnrollRequest>(*packet)) request = *decoded;
    }
    client.send(verdict(VerdictCode::Granted));
  });
  auto program = Program::on_pipes(socket(), {"enroll", "totp", "--label", "phone"});
  CHECK_EQUAL(0, program.end());
  daemon_.reset();
  CHECK(request.has_value());
  CHECK(request->label == "phone");
  request.reset();
}

TEST(CtlDialogue, ResetsNobodyWithoutConfirmation) {
  serve([](FakeConnection& client) {
    (void)client.receive();
    client.send(verdict(VerdictCode::Granted));
  });
  const struct {
    const char* name;
    const char* typed;
    int want;
  } kRefusals[] = {
      {"another name", "bob\n", 1  },
      {"just Enter",   "\n",    1  },
      {"Ctrl-C",       "\x03",  130},
  };
  for (const auto& c : kRefusals) {
    auto program = Program::on_terminal(socket(), {"reset", "alice"});
    CHECK_TEXT(program.expect("type the user's name: "), c.name);
    program.type(c.typed);
    LONGS_EQUAL_TEXT(c.want, program.end(), c.name);
  }
  auto script = Program::on_pipes(socket(), {"reset", "alice"});
  script.end_input();
  LONGS_EQUAL(2, script.end());
  LONGS_EQUAL(0, daemon_->connections());

  auto named = Program::on_terminal(socket(), {"reset", "alice"});
  CHECK(named.expect("type the user's name: "));
  named.type("alice\n");
  LONGS_EQUAL(0, named.end());
  auto confirmed = Program::on_pipes(socket(), {"reset", "alice", "--yes"});
  LONGS_EQUAL(0, confirmed.end());
  LONGS_EQUAL(2, daemon_->connections());
}

TEST(CtlDialogue, NamesTheVersionsWhenTheDaemonSpeaksAnother) {
  serve([](FakeConnection& client) {
    (void)client.receive();
    client.send(wire::VersionMismatch{.oldest = 7, .newest = 8});
  });
  auto program = Program::on_pipes(socket(), {"status"});
  CHECK_EQUAL(3, program.end());
  CHECK(program.has_said("stepupd speaks 7 to 8"));
}

TEST(CtlDialogue, NamesSocketCauseAndNextStepWhenNobodyListens) {
  const std::string nowhere = directory_.file("nowhere.sock");
  auto program = Program::on_pipes(nowhere, {"status"});
  CHECK_EQUAL(3, program.end());
  CHECK(program.has_said(nowhere + ": No such file or directory"));
  CHECK(program.has_said("systemctl status stepupd.socket stepupd-control.socket"));
}
