// SPDX-License-Identifier: ISC
// Where answers come from: the person's terminal, or standard input when that is none.
#pragma once

#include <termios.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::ctl {

class Terminal {
 public:
  // Takes the controlling terminal if standard input is a terminal; otherwise a script drives us,
  // and its lines on standard input are the answers.
  Terminal();

  // Takes the controlling terminal if there is one, and else can ask nobody: standard input is
  // another program's.
  [[nodiscard]] static Terminal that_controls();

  [[nodiscard]] bool can_ask() const noexcept { return input_ >= 0; }
  [[nodiscard]] bool interactive() const noexcept { return interactive_; }
  [[nodiscard]] int input() const noexcept { return input_; }
  [[nodiscard]] int output() const noexcept { return output_; }  // for prompts

 private:
  explicit Terminal(UniqueFd tty);

  UniqueFd tty_;
  bool interactive_;
  int input_;
  int output_;
};

// Whether standard output is a terminal at least `columns` wide that knows colours.
[[nodiscard]] bool screen_fits(std::size_t columns);

struct Reply {
  enum class Kind : std::uint8_t {
    Line,
    Empty,       // just Enter
    EndOfInput,  // no line will come
    TooLong,     // longer than any answer may be
  };
  Kind kind = Kind::EndOfInput;
  SecretBytes text;  // of a Line, without its newline
};

// One question.  Its destructor restores the terminal.  Ctrl-Z works while it is open: the
// terminal is restored, and when the program goes on the question is asked again.
//
// Requires block_ending_signals(), or a signal could end the program with the echo still off.
class Question {
 public:
  // Asks.  With `echo` off what is typed stays invisible.  `terminal` must outlive this.
  Question(const Terminal& terminal, std::string prompt, bool echo);
  ~Question();
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  // Looks, without waiting, whether the answer is complete.  Bytes are read one at a time, so
  // that what follows the answer is left to whoever reads the same input next.
  [[nodiscard]] std::optional<Reply> poll();

  // Waits for the answer; empty when a signal came that ends the program.
  [[nodiscard]] std::optional<Reply> wait();

 private:
  void ask();
  void restore() noexcept;
  void stop_if_asked();
  [[nodiscard]] bool readable(int milliseconds) const noexcept;
  Reply complete();

  const Terminal& terminal_;
  std::string prompt_;
  bool echo_;
  std::optional<termios> saved_;  // holds a value while the echo is off
  SecretBytes line_;              // full size from the start: growing would leave copies behind
  std::size_t used_ = 0;
  bool too_long_ = false;
  bool answered_ = false;  // Enter was typed
};

}  // namespace stepup::ctl
