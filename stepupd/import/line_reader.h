// SPDX-License-Identifier: ISC
// Walks a file line by line, and collects what is wrong with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/import/records.h"

namespace stepup::import {

class LineReader {
 public:
  enum class Comments : std::uint8_t { Skipped, None };  // lines whose first sign is #

  // Input is untrusted.  `text` must outlive this object.
  LineReader(std::string_view text, Comments comments) : rest_(text), comments_(comments) {}

  // Goes to the next line that has something in it; false at the end.
  bool next();

  // Without its end, CR LF or LF.
  [[nodiscard]] std::string_view line() const noexcept { return line_; }

  // Requires a part of line().
  [[nodiscard]] Place place_of(std::string_view part) const noexcept;
  void problem(std::string_view part, const char* what);

  // Adds what the current line holds.
  void add(Record record);

  // All of it; a file that holds nothing is a problem, too.
  [[nodiscard]] Records finish();

 private:
  void note(Problem problem);

  std::string_view rest_;
  Comments comments_;
  std::string_view line_;
  std::uint32_t number_ = 0;
  std::vector<Record> records_;
  std::vector<Problem> problems_;
};

// The pieces of `text` between any number of `separators`, as strtok(3) finds them.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text,
                                                  std::string_view separators);

// The number that all of `text` spells in decimal digits.
[[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view text);

}  // namespace stepup::import
