// SPDX-License-Identifier: ISC
// Options as getopt_long(3) reads them, for programs whose command lines stepupd must understand.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stepup::policy {

struct LongOption {
  enum class Value : std::uint8_t { None, Needed, Optional };
  std::string_view name;  // without the --
  char letter;            // of the short option that means the same, or any that is none
  Value value = Value::None;
};

struct Option {
  char letter = 0;         // 0: no option is next
  std::string_view value;  // valid as long as the words
  bool abbreviated = false;
};

// Reads from the front and never past the first word that is no option.
class OptionReader {
 public:
  static constexpr char kUncertain = '?';
  static constexpr char kDash = '-';  // the word "-", which programs read differently

  // `letters` is getopt's: "nu:" is -n, and -u with a value.  `words` begin behind the program's
  // name and outlive the reader.
  OptionReader(std::span<const std::string> words, std::string_view letters,
               std::span<const LongOption> longs)
      : words_(words), letters_(letters), longs_(longs) {}

  // kDash where the next word is one; kUncertain for an option that is not known, is short for
  // several, or lacks its value.
  [[nodiscard]] Option next();

  // What is left once no option is next.  A "--" was skipped, which ended_by_dashes() tells.
  [[nodiscard]] std::span<const std::string> rest() const { return words_.subspan(word_); }
  [[nodiscard]] bool ended_by_dashes() const noexcept { return ended_; }
  // Whether the last word that was read is a "--" that was some option's value.
  [[nodiscard]] bool behind_dashes_as_value() const {
    return !ended_ && word_ > 0 && words_[word_ - 1] == "--";
  }
  // Skips the word that is next, to go on behind it.
  void skip() { ++word_; }

 private:
  [[nodiscard]] Option next_letter();
  [[nodiscard]] Option next_long(std::string_view word);
  // That name, or the only one that begins with it.
  [[nodiscard]] const LongOption* long_option(std::string_view name) const;

  std::span<const std::string> words_;
  std::string_view letters_;
  std::span<const LongOption> longs_;
  std::size_t word_ = 0;
  std::string_view cluster_;  // letters of this word that are not read yet
  bool ended_ = false;
};

}  // namespace stepup::policy
