// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>

#include "stepupd/base/terms.h"
#include "stepupd/policy/command_line.h"
#include "stepupd/policy/option_reader.h"

namespace stepup::policy {
namespace {

constexpr char kHost = 'h';
constexpr char kLoginClass = 'c';

// Every option of sudo 1.9 and sudo-rs, also those that some builds lack.
constexpr std::string_view kLetters = "Aa:BbC:c:D:Eeg:Hh::iKklNnPp:R:r:SsT:t:U:u:Vv";
using Value = LongOption::Value;
constexpr std::array kLongOptions = {
    LongOption{"askpass", 'A'},
    LongOption{"auth-type", 'a', Value::Needed},
    LongOption{"background", 'b'},
    LongOption{"bell", 'B'},
    LongOption{"chdir", 'D', Value::Needed},
    LongOption{"chroot", 'R', Value::Needed},
    LongOption{"close-from", 'C', Value::Needed},
    LongOption{"command-timeout", 'T', Value::Needed},
    LongOption{"edit", 'e'},
    LongOption{"group", 'g', Value::Needed},
    LongOption{"help", kHost},
    LongOption{"host", kHost, Value::Needed},
    LongOption{"list", 'l'},
    LongOption{"login", 'i'},
    LongOption{"login-class", kLoginClass, Value::Needed},
    LongOption{"no-update", 'N'},
    LongOption{"non-interactive", 'n'},
    LongOption{"other-user", 'U', Value::Needed},
    LongOption{"preserve-env", 'E', Value::Optional},
    LongOption{"preserve-groups", 'P'},
    LongOption{"prompt", 'p', Value::Needed},
    LongOption{"remove-timestamp", 'K'},
    LongOption{"reset-timestamp", 'k'},
    LongOption{"role", 'r', Value::Needed},
    LongOption{"set-home", 'H'},
    LongOption{"shell", 's'},
    LongOption{"stdin", 'S'},
    LongOption{"type", 't', Value::Needed},
    LongOption{"user", 'u', Value::Needed},
    LongOption{"validate", 'v'},
    LongOption{"version", 'V'},
};

// With these alone a command does what its words say.
constexpr std::string_view kHarmless = "ABbHknNpSu";

std::string_view basename_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

enum class Word { Argument, Assignment, Unclear };

// sudo takes every word with an = for an assignment that does not begin with a slash, sudo-rs those
// of letters, digits and underscores before it, and versions of sudo differ about a = in front.
Word kind_of(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == word.npos || word.starts_with('/')) return Word::Argument;
  const bool is_name = equals > 0 && std::ranges::all_of(word.substr(0, equals), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '_';
                       });
  return is_name ? Word::Assignment : Word::Unclear;
}

// What the options and assignments before the command were.
struct Before {
  std::string seen;  // letters
  std::string_view user;
  bool is_plain = true;  // nothing was abbreviated, and nothing was assigned
  bool is_clear = true;  // all of it was understood

  [[nodiscard]] bool has(char letter) const { return seen.contains(letter); }
};

Before read_options(OptionReader& reader) {
  Before before;
  for (;;) {
    const Option option = reader.next();
    // getopt takes a "-" for the command, sudo-rs skips it.
    if (option.letter == OptionReader::kUncertain || option.letter == OptionReader::kDash) {
      before.is_clear = false;
      return before;
    }
    if (option.letter != 0) {
      before.seen.push_back(option.letter);
      if (option.letter == 'u') before.user = option.value;
      if (option.abbreviated) before.is_plain = false;
      continue;
    }
    if (reader.ended_by_dashes() || reader.rest().empty()) return before;
    const Word kind = kind_of(reader.rest().front());
    if (kind == Word::Argument) return before;
    // sudo takes a "--" for the end of the options even where it was the value of one.
    if (kind == Word::Unclear || reader.behind_dashes_as_value()) {
      before.is_clear = false;
      return before;
    }
    before.is_plain = false;
    reader.skip();
  }
}

void add_target(std::string_view user, CommandLine& line) {
  if (!user.starts_with('#')) {
    if (!user.empty()) line.target_user = user;
    return;
  }
  user.remove_prefix(1);
  std::uint32_t uid = 0;
  const auto [end, error] = std::from_chars(user.data(), user.data() + user.size(), uid);
  // SECURITY: sudo has taken -1 and what overflows for root (CVE-2019-14287).
  const bool is_uid = error == std::errc() && end == user.data() + user.size() && uid != kNoUid;
  if (is_uid) line.target_uid = uid;
}

}  // namespace

CommandLine read_sudo_line(std::span<const std::string> argv, bool truncated) {
  CommandLine line;
  if (argv.empty()) return line;
  OptionReader reader(argv.subspan(1), kLetters, kLongOptions);
  const Before before = read_options(reader);
  line.never_asks = before.has('n');
  line.only_validates = before.has('v');
  // Called by another name it may be sudoedit, by rules that differ.
  const std::string_view name = basename_of(argv.front());
  const bool is_edit = name == "sudoedit";
  const bool is_sudo = name == "sudo" || name == "sudo.ws" || name == "sudo-rs";
  const bool runs_nothing = std::ranges::any_of(std::string_view("hKlVv"),
                                                [&](char letter) { return before.has(letter); });
  if (truncated || !before.is_clear || (!is_sudo && !is_edit) || runs_nothing) return line;

  const bool is_shell = before.has('i') || before.has('s');
  auto rest = reader.rest();
  const bool asks_to_edit = is_edit || before.has('e');
  const std::string_view program = rest.empty() ? "" : basename_of(rest.front());
  // "sudo sudoedit FILE" edits the file, by whichever path it is named.
  const bool names_edit = program == "sudoedit" && !asks_to_edit;
  if (names_edit) rest = rest.subspan(1);
  // For sudo-rs these may be sudoedit as well: it reads "sudoedit/." like that.
  const bool may_name_edit = program == "sudoedit-rs" || program == ".";
  if (may_name_edit && !asks_to_edit) return line;
  if (asks_to_edit || names_edit) {
    if (is_shell || (rest.empty() && !names_edit)) return line;
    line.command.reading = Command::Reading::Words;
    line.command.words.emplace_back("sudoedit");
    line.command.words.insert(line.command.words.end(), rest.begin(), rest.end());
  } else if (is_shell) {
    line.command.reading = Command::Reading::Shell;
  } else if (!rest.empty() && !rest.front().empty()) {
    line.command.reading = Command::Reading::Words;
    line.command.words.assign(rest.begin(), rest.end());
    line.command.may_be_excepted =
        before.is_plain && before.seen.find_first_not_of(kHarmless) == std::string::npos;
  } else {
    return line;  // a shell, where sudoers says so
  }
  add_target(before.user, line);
  return line;
}

}  // namespace stepup::policy
