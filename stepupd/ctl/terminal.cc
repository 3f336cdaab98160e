// SPDX-License-Identifier: ISC
#include "stepupd/ctl/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "stepupd/ctl/output.h"
#include "stepupd/ctl/signals.h"
#include "stepupd/wire/messages.h"

namespace stepup::ctl {
namespace {

constexpr int kSliceMilliseconds = 200;  // between two looks for a signal

// Blocked only while a question is open: elsewhere Ctrl-Z just stops the program.
void block_terminal_stop(bool blocked) noexcept {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  (void)pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &stop, nullptr);
}

bool terminal_stop_came() noexcept {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, SIGTSTP) == 1;
}

UniqueFd open_controlling_terminal() {
  return UniqueFd(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

}  // namespace

Terminal::Terminal()
    : interactive_(isatty(STDIN_FILENO) == 1), input_(STDIN_FILENO), output_(STDERR_FILENO) {
  if (!interactive_) return;
  // Standard error may be a file; the prompt must be where the person is.
  tty_ = open_controlling_terminal();
  if (tty_) input_ = output_ = tty_.get();
}

Terminal::Terminal(UniqueFd tty)
    : tty_(std::move(tty)),
      interactive_(static_cast<bool>(tty_)),
      input_(tty_.get()),
      output_(tty_.get()) {}

Terminal Terminal::that_controls() { return Terminal(open_controlling_terminal()); }

bool screen_fits(std::size_t columns) {
  if (isatty(STDOUT_FILENO) != 1) return false;
  const char* const kind = getenv("TERM");  // NOLINT(concurrency-mt-unsafe): one thread
  if (kind == nullptr || std::string_view(kind) == "dumb") return false;
  winsize size = {};
  // A terminal that does not know its size (a serial line) says 0: it gets the benefit of doubt.
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_col >= columns;
}

Question::Question(const Terminal& terminal, std::string prompt, bool echo)
    : terminal_(terminal), prompt_(std::move(prompt)), echo_(echo), line_(wire::kMaxAnswer) {
  if (terminal_.interactive()) block_terminal_stop(true);
  ask();
}

Question::~Question() {
  restore();
  if (terminal_.interactive()) block_terminal_stop(false);
}

void Question::ask() {
  if (terminal_.interactive() && !echo_) {
    termios settings = {};
    if (tcgetattr(terminal_.input(), &settings) == 0) {
      saved_ = settings;
      settings.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
      // Flush: what was typed before the question was seen is no answer to it.
      (void)tcsetattr(terminal_.input(), TCSAFLUSH, &settings);
    }
  }
  (void)write_all(terminal_.output(), prompt_);
  // A script's newline is not echoed, so the next line of output would run into the prompt.
  if (!terminal_.interactive()) (void)write_all(terminal_.output(), "\n");
}

void Question::restore() noexcept {
  if (!terminal_.interactive()) return;
  // Flush: half a code must not be left for the shell to run and to keep in its history.
  if (saved_) {
    (void)tcsetattr(terminal_.input(), TCSAFLUSH, &*saved_);
  } else if (!answered_) {
    (void)tcflush(terminal_.input(), TCIFLUSH);
  }
  // The Enter that was not echoed, or not typed.
  if (saved_ || !answered_) (void)write_all(terminal_.output(), "\n");
  saved_.reset();
}

void Question::stop_if_asked() {
  if (!terminal_.interactive() || !terminal_stop_came()) return;
  restore();
  // Delivered here, and so left to the kernel, which stops nobody who has no shell to go on from.
  block_terminal_stop(false);
  block_terminal_stop(true);
  ask();
}

bool Question::readable(int milliseconds) const noexcept {
  pollfd watched{.fd = terminal_.input(), .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, milliseconds) > 0;  // an error or a hangup is read's to tell
}

std::optional<Reply> Question::poll() {
  stop_if_asked();
  while (readable(0)) {
    char byte = 0;
    const ssize_t n = read(terminal_.input(), &byte, 1);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
    if (n <= 0 && used_ == 0 && !too_long_) return Reply{Reply::Kind::EndOfInput, {}};
    if (n <= 0 || byte == '\n') return complete();
    if (used_ == line_.size()) {
      too_long_ = true;
    } else {
      line_.bytes()[used_++] = static_cast<std::uint8_t>(byte);
    }
  }
  return std::nullopt;
}

std::optional<Reply> Question::wait() {
  while (!ending_signal_came()) {
    if (auto reply = poll()) return reply;
    (void)readable(kSliceMilliseconds);
  }
  return std::nullopt;
}

Reply Question::complete() {
  answered_ = true;
  if (too_long_) return {Reply::Kind::TooLong, {}};
  if (used_ == 0) return {Reply::Kind::Empty, {}};
  line_.shrink(used_);
  return {Reply::Kind::Line, std::move(line_)};
}

}  // namespace stepup::ctl
