// SPDX-License-Identifier: ISC
// stepupctl as people and scripts run it, against a stand-in for stepupd.  $STEPUPCTL names the
// program (by default build/stepupctl).
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/credential_messages.h"
#include "stepupd/wire/packet.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

namespace {

using namespace stepup;
using fakes::FakeConnection;
using fakes::FakeStepupd;
using fakes::ScratchDirectory;
using wire::CancelReason;
using wire::MessageId;
using wire::VerdictCode;

constexpr std::string_view kUri = "otpauth://totp/h:alice?secret=JBSWY3DPEHPK3PXP";
constexpr char kCtrlC = 3;

struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};

// A running stepupctl.  Everything that it writes, on either descriptor, ends up in output().
class Program {
 public:
  // On a terminal of its own, of 24 lines and `columns`.
  static Program on_terminal(const std::string& socket, std::vector<std::string> words,
                             unsigned short columns = 100) {
    Program program;
    winsize size = {};
    size.ws_row = 24;
    size.ws_col = columns;
    int ours = -1;
    int theirs = -1;
    if (openpty(&ours, &theirs, nullptr, nullptr, &size) != 0) abort();
    program.in_.reset(ours);
    program.out_.reset(dup(ours));
    program.slave_.reset(theirs);  // kept open, to look at its settings afterwards
    program.start(theirs, theirs, theirs, socket, std::move(words));
    return program;
  }

  // As in a script.
  static Program on_pipes(const std::string& socket, std::vector<std::string> words) {
    Program program;
    Pair in = make_pipe();
    Pair out = make_pipe();
    std::swap(in.ours, in.theirs);  // we write what they read
    program.in_ = std::move(in.ours);
    program.out_ = std::move(out.ours);
    program.start(in.theirs.get(), out.theirs.get(), out.theirs.get(), socket, std::move(words));
    return program;
  }

  void type(std::string_view text) {
    if (write(in_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) abort();
  }
  void end_input() { in_.reset(); }
  void send_signal(int signal) { (void)kill(pid_, signal); }

  // Waits until `text` was written.
  bool expect(std::string_view text) {
    while (output_.find(text) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }

  // Waits for the end; the exit code, or -1 for a death by a signal, such as that of one who waits
  // on.
  int end() {
    int status = 0;
    const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    // Reads all the while: a program that cannot write would never end.
    while (waitpid(pid_, &status, WNOHANG) == 0) {
      if (fakes::readable(out_.get(), std::chrono::milliseconds(10))) read_some();
      if (std::chrono::steady_clock::now() > latest) send_signal(SIGKILL);
    }
    while (fakes::readable(out_.get(), std::chrono::milliseconds(0)) && read_some()) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  [[nodiscard]] bool echoes() const { return (slave_settings().c_lflag & ECHO) != 0; }
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] bool has_said(std::string_view text) const {
    return output_.find(text) != std::string::npos;
  }

 private:
  static Pair make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) abort();
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
  }

  void start(int in, int out, int err, const std::string& socket, std::vector<std::string> words) {
    const char* const named = getenv("STEPUPCTL");
    const std::string path = named != nullptr ? named : "build/stepupctl";
    words.insert(words.begin(), {path, "--socket", socket});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    char term[] = "TERM=xterm";
    char* const environment[] = {term, nullptr};
    pid_ = fork();
    if (pid_ != 0) return;
    (void)setsid();
    if (slave_) (void)ioctl(in, TIOCSCTTY, 0);
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, nullptr);
    // stepupctl leaves ignored what it was started with ignored, as by nohup(1) or a shell's "&".
    for (const int each : {SIGHUP, SIGINT, SIGQUIT}) (void)signal(each, SIG_DFL);
    (void)execve(path.c_str(), argv.data(), environment);
    _exit(127);
  }

  [[nodiscard]] termios slave_settings() const {
    termios settings = {};
    if (slave_) (void)tcgetattr(slave_.get(), &settings);
    return settings;
  }

  bool read_some() {
    if (!fakes::readable(out_.get())) return false;
    char block[4096];
    const ssize_t n = read(out_.get(), block, sizeof block);
    if (n <= 0) return false;
    output_.append(block, static_cast<std::size_t>(n));
    return true;
  }

  UniqueFd in_;
  UniqueFd out_;
  UniqueFd slave_;
  pid_t pid_ = -1;
  std::string output_;
};

wire::Prompt prompt_for(MessageId id) {
  return {
      .words = {id, {}},
        .echo = false
  };
}
wire::Verdict verdict(VerdictCode code, MessageId id = MessageId::None) {
  if (id == MessageId::None) return {.code = code, .words = {}};
  return {
      .code = code, .words = {id, {"verify", "db1"}}
  };
}

// What a client answered to a prompt.
struct Heard {
  std::optional<std::string> answer;
  std::optional<CancelReason> cancel;
};

Heard listen(FakeConnection& client) {
  const auto packet = client.receive();
  Heard heard;
  if (!packet) return heard;
  if (packet->header.type == wire::MessageType::Answer) {
    heard.answer = std::string(wire::decode<wire::Answer>(*packet)->text.text());
  } else if (packet->header.type == wire::MessageType::Cancel) {
    heard.cancel = wire::decode<wire::Cancel>(*packet)->reason;
  }
  return heard;
}

}  // namespace

// The stand-in's thread writes what it heard; the test reads that only after daemon_.reset(), which
// joins the thread.
TEST_GROUP(CtlDialogue) {
  // Takes one request, asks one question, and decides.
  void ask_once(VerdictCode code, MessageId words = MessageId::None) {
    serve([this, code, words](FakeConnection& client) {
      (void)client.receive();
      client.send(prompt_for(MessageId::PromptTicket));
      heard_ = listen(client);
      client.send(verdict(code, words));
      client.await_end();
    });
  }

  void serve(FakeStepupd::Script script) {
    daemon_.emplace(directory_.file("control.sock"), std::move(script));
  }
  void teardown() override {
    daemon_.reset();
    heard_ = {};
  }

  const std::string& socket() { return daemon_->path(); }

  // Ends the stand-in, so that all that it heard can be read.
  const Heard& heard() {
    daemon_.reset();
    return heard_;
  }

  ScratchDirectory directory_;
  std::optional<FakeStepupd> daemon_;
  Heard heard_;
};

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

TEST(CtlDialogue, DrawsTheQrCodeOnlyWhereItFits) {
  const struct {
    const char* name;
    bool terminal;
    unsigned short columns;
    bool drawn;
  } kCases[] = {
      {"a terminal",        true,  100, true },
      {"a narrow terminal", true,  20,  false},
      {"a pipe",            false, 0,   false},
  };
  for (const auto& c : kCases) {
    serve([](FakeConnection& client) {
      (void)client.receive();
      client.send(wire::NewAuthenticator{.otpauth_uri = SecretBytes(kUri)});
      client.send(verdict(VerdictCode::Granted));
    });
    const std::vector<std::string> words = {"enroll", "totp"};
    auto program = c.terminal ? Program::on_terminal(socket(), words, c.columns)
                              : Program::on_pipes(socket(), words);
    CHECK_TEXT(program.expect(kUri), c.name);
    LONGS_EQUAL_TEXT(0, program.end(), c.name);
    CHECK_TEXT(program.has_said("\u2580") == c.drawn, c.name);
    daemon_.reset();
  }
}

TEST(CtlDialogue, ShowsNothingOfAHostileDaemonsSecrets) {
  const std::string escape = "\x1b]0;x\x07";
  const struct {
    const char* name;
    std::function<void(FakeConnection&)> send;
  } kCases[] = {
      {"URI",
       [&](FakeConnection& c) {
         c.send(wire::NewAuthenticator{SecretBytes(std::string(kUri) + escape)});
       }                                                                                                     },
      {"other URI",
       [](FakeConnection& c) {
         c.send(wire::NewAuthenticator{SecretBytes("https://x.example/")});
       }                                                                                                     },
      {"codes",              [&](FakeConnection& c) { c.send(wire::NewRecoveryCodes{SecretBytes(escape)}); } },
      {"yubikey",
       [&](FakeConnection& c) {
         c.send(wire::NewYubiKey{"vv", SecretBytes(escape), SecretBytes("0")});
       }                                                                                                     },
      {"a command's end",
       [](FakeConnection& c) {
         c.send(wire::NewYubiKey{"vv;reboot", SecretBytes("0"), SecretBytes("0")});
       }                                                                                                     },
      {"no codes",           [](FakeConnection& c) { c.send(wire::NewRecoveryCodes{}); }                     },
      {"ticket",             [&](FakeConnection& c) { c.send(wire::NewTicket{"a", SecretBytes(escape), 0}); }},
      {"no answer's answer", [](FakeConnection& c) { c.send(wire::Answer{SecretBytes("1")}); }               },
  };
  for (const auto& c : kCases) {
    serve([&c](FakeConnection& client) {
      (void)client.receive();
      c.send(client);
      client.await_end();
    });
    auto program = Program::on_terminal(socket(), {"enroll", "totp"});
    LONGS_EQUAL_TEXT(3, program.end(), c.name);
    CHECK_TEXT(program.has_said("does not speak stepup's protocol"), c.name);
    CHECK_TEXT(!program.has_said("\x1b"), c.name);
    daemon_.reset();
  }
}

TEST(CtlDialogue, PutsATicketAloneOnItsLine) {
  serve([](FakeConnection& client) {
    (void)client.receive();
    client.send(wire::NewTicket{"alice", SecretBytes("ABCD-EFGH"), 0});
    client.send(verdict(VerdictCode::Granted));
  });
  auto program = Program::on_pipes(socket(), {"ticket", "alice"});
  CHECK_EQUAL(0, program.end());
  CHECK(program.output().starts_with("Enrolment ticket for alice"));
  CHECK(program.has_said("\nABCD-EFGH\n"));
  CHECK(program.has_said("stepupctl enroll totp\n"));
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

TEST(CtlDialogue, CancelsWhatItCannotShow) {
  std::optional<CancelReason> cancel;
  serve([&cancel](FakeConnection& client) {
    (void)client.receive();
    client.send(wire::NewAuthenticator{.otpauth_uri = SecretBytes(kUri)});
    cancel = listen(client).cancel;
  });
  const std::string command = "exec \"${STEPUPCTL:-build/stepupctl}\" --socket " + socket() +
                              " enroll totp </dev/null >/dev/full 2>/dev/null";
  const int status = system(command.c_str());
  CHECK(WIFEXITED(status));
  CHECK_EQUAL(1, WEXITSTATUS(status));
  daemon_.reset();
  CHECK(cancel == CancelReason::Interrupted);
}
