// SPDX-License-Identifier: ISC
#include "stepupd/policy/command.h"

#include <algorithm>
#include <span>

namespace stepup::policy {
namespace {

using Words = std::span<const std::string>;
using Reading = Command::Reading;

std::string_view basename_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Whether a * of `pattern` can stand for letters so that `text` results.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t star = pattern.npos;  // the last one that was passed
  std::size_t taken = 0;            // up to where it stands for the text
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos && text[taken] != '/') {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

// The same for an exception: no * makes of `text` an option, a way upwards (also behind a =), or a
// part of a path without letters.
bool fits_strictly(std::string_view pattern, std::string_view text) {
  if (!fits(pattern, text) || (text.starts_with('-') && !pattern.starts_with('-'))) return false;
  // No * stands for a slash, so both have as many parts.
  for (;;) {
    const auto pattern_part = pattern.substr(0, pattern.find('/'));
    const auto part = text.substr(0, text.find('/'));
    if (pattern_part.contains('*') && (part.empty() || part.ends_with('.'))) return false;
    if (part.size() == text.size()) return true;
    pattern.remove_prefix(pattern_part.size() + 1);
    text.remove_prefix(part.size() + 1);
  }
}

// Whether the words fit one by one; `rest_fits` judges those that a * at the end stands for.
template <typename WordFits, typename RestFits>
bool all_fit(Words patterns, Words words, WordFits word_fits, RestFits rest_fits) {
  const bool has_rest = !patterns.empty() && patterns.back() == "*";
  if (has_rest) patterns = patterns.first(patterns.size() - 1);
  if (words.size() < patterns.size() || (!has_rest && words.size() > patterns.size())) return false;
  return std::ranges::equal(patterns, words.first(patterns.size()), word_fits) &&
         std::ranges::all_of(words.subspan(patterns.size()), rest_fits);
}

// Whether the program is the one of the pattern.
Holds is_program(const std::string& pattern, const std::string& program) {
  if (is_plain_path(program)) return yes_or_no(fits(pattern, folded(program)));
  if (pattern == program) return Holds::Yes;  // sudoedit
  return fits(basename_of(pattern), basename_of(program)) ? Holds::Unknown : Holds::No;
}

// What can be said of a program whose name alone is known.
Holds may_be_named(const CommandPattern& pattern, const std::string& name) {
  return fits(basename_of(pattern.words.front()), name) ? Holds::Unknown : Holds::No;
}

}  // namespace

bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  for (std::size_t start = 1; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

std::string folded(std::string_view path) {
  const bool is_link = path.starts_with("/bin/") || path.starts_with("/sbin/");
  return (is_link ? "/usr" : "") + std::string(path);
}

std::expected<CommandPattern, std::string> parse_command_pattern(std::string_view text) {
  CommandPattern pattern{std::string(text), {}};
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    if (end == start) return std::unexpected("takes words parted by single spaces");
    pattern.words.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  std::string& program = pattern.words.front();
  if (program != "sudoedit" && !is_plain_path(program)) {
    return std::unexpected("takes a command by its absolute path, or sudoedit");
  }
  program = folded(program);
  return pattern;
}

Holds is_command(const CommandPattern& pattern, const Command& command) {
  if (command.reading == Reading::None) return Holds::No;
  if (command.reading == Reading::Name) return may_be_named(pattern, command.words.front());
  if (command.reading != Reading::Words) return Holds::Unknown;
  const Words words = command.words;
  const Words patterns = pattern.words;
  const bool takes_all = patterns.size() == 1;
  const auto any = [](const std::string&) { return true; };
  if (!takes_all && !all_fit(patterns.subspan(1), words.subspan(1), fits, any)) return Holds::No;
  return is_program(patterns.front(), words.front());
}

Holds is_excepted(const CommandPattern& pattern, const Command& command) {
  if (command.reading == Reading::None) return Holds::No;
  if (command.reading == Reading::Name) return may_be_named(pattern, command.words.front());
  if (command.reading != Reading::Words) return Holds::Unknown;
  const Words words = command.words;
  const Words patterns = pattern.words;
  const auto no_option = [](const std::string& word) { return !word.starts_with('-'); };
  return yes_or_no(command.may_be_excepted && command.program_is_safe &&
                   is_plain_path(words.front()) && fits(patterns.front(), folded(words.front())) &&
                   all_fit(patterns.subspan(1), words.subspan(1), fits_strictly, no_option));
}

}  // namespace stepup::policy
