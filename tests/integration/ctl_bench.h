// SPDX-License-Identifier: ISC
// stepupctl as people and scripts run it, against a stand-in for stepupd.  $STEPUPCTL names the
// program (by default build/stepupctl).
#pragma once

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/base/unique_fd.h"
#include "stepupd/wire/packet.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

namespace stepup::fakes {

using wire::CancelReason;
using wire::MessageId;
using wire::VerdictCode;

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

inline wire::Prompt prompt_for(MessageId id) {
  return {
      .words = {id, {}},
        .echo = false
  };
}
inline wire::Verdict verdict(VerdictCode code, MessageId id = MessageId::None) {
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

inline Heard listen(FakeConnection& client) {
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

// The stand-in's thread writes what it heard; the test reads that only after daemon_.reset(), which
// joins the thread.
struct CtlFixture : public Utest {
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

}  // namespace stepup::fakes
