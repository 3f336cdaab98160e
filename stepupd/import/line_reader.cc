// SPDX-License-Identifier: ISC
#include "stepupd/import/line_reader.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace stepup::import {

bool LineReader::next() {
  while (!rest_.empty()) {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    // The other tools would see nothing of the line behind it.
    if (const std::size_t at = line_.find('\0'); at != std::string_view::npos) {
      problem(line_.substr(at), "a NUL byte");
      continue;
    }
    const std::size_t begin = line_.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) continue;
    if (comments_ == Comments::Skipped && line_[begin] == '#') continue;
    return true;
  }
  return false;
}

Place LineReader::place_of(std::string_view part) const noexcept {
  return {number_, static_cast<std::uint32_t>(part.data() - line_.data() + 1)};
}

void LineReader::problem(std::string_view part, const char* what) { note({place_of(part), what}); }

void LineReader::note(Problem problem) {
  if (problems_.size() < kMaxProblems) problems_.push_back(problem);
}

void LineReader::add(Record record) {
  if (records_.size() == kMaxRecords) {
    note({record.at, "more than 1000 credentials: import the file in parts"});
    rest_ = {};
    return;
  }
  records_.push_back(std::move(record));
}

Records LineReader::finish() {
  if (records_.empty() && problems_.empty()) note({{}, "there is nothing in it"});
  if (!problems_.empty()) return std::unexpected(std::move(problems_));
  return std::move(records_);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; (at = text.find_first_not_of(separators, at)) != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    pieces.push_back(text.substr(at, end - at));
    at = end;
  }
  return pieces;
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return {};
  return number;
}

}  // namespace stepup::import
