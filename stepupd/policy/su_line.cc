// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <string_view>

#include "stepupd/policy/command_line.h"
#include "stepupd/policy/option_reader.h"

namespace stepup::policy {
namespace {

using Value = LongOption::Value;

// Of util-linux, whose su takes options behind the user's name as well.  -s, -w, -m and -p are left
// out: with them the caller chooses the shell, or what its environment has it do.
constexpr std::string_view kSuLetters = "c:fg:G:lPT";
constexpr std::array kSuOptions = {
    LongOption{"command", 'c', Value::Needed},
    LongOption{"fast", 'f'},
    LongOption{"group", 'g', Value::Needed},
    LongOption{"login", 'l'},
    LongOption{"no-pty", 'T'},
    LongOption{"preserve-environment", '?'},
    LongOption{"pty", 'P'},
    LongOption{"session-command", 'c', Value::Needed},
    LongOption{"shell", '?', Value::Needed},
    LongOption{"supp-group", 'G', Value::Needed},
    LongOption{"whitelist-environment", '?', Value::Needed},
    LongOption{"help", '?'},
    LongOption{"version", '?'},
};

}  // namespace

Command read_shell_command(std::string_view text) {
  // Words that have a shell run, now or later, what is behind them: of sh and bash, then of others.
  constexpr auto kBuiltins = std::to_array<std::string_view>(
      {"eval", "exec",   "command", "builtin",   "source",    ".",      "time", "coproc",
       "trap", "jobs",   "compgen", "mapfile",   "readarray", "enable", "and",  "or",
       "not",  "repeat", "noglob",  "nocorrect", "emulate",   "hup"});
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:@%+- ";
  Command command;
  command.reading = Command::Reading::Shell;
  if (text.find_first_not_of(kPlain) != text.npos) return command;
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (!word.empty()) words.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  if (words.empty() || words.front().starts_with('-') ||
      std::ranges::find(kBuiltins, words.front()) != kBuiltins.end()) {
    return command;
  }
  command.reading = Command::Reading::Words;
  command.words = std::move(words);
  return command;
}

CommandLine read_su_line(std::span<const std::string> argv, bool truncated) {
  CommandLine line;
  if (argv.empty() || truncated) return line;
  OptionReader reader(argv.subspan(1), kSuLetters, kSuOptions);
  std::optional<std::string_view> command;
  bool has_user = false;
  for (;;) {
    const Option option = reader.next();
    if (option.letter == OptionReader::kUncertain) return line;
    if (option.letter == OptionReader::kDash) {  // the same as -l
      if (has_user) return line;
      reader.skip();
    }
    if (option.letter == 'c') {
      if (command) return line;
      command = option.value;
    } else if (has_user && !option.value.empty()) {
      // With POSIXLY_CORRECT it is the shell that reads this, and may take the value for a script.
      return line;
    }
    if (option.letter != 0) continue;
    if (reader.rest().empty()) break;
    // Behind the user stand words for the shell.
    if (has_user || reader.ended_by_dashes()) return line;
    has_user = true;
    reader.skip();
  }
  line.command.reading = Command::Reading::Shell;
  if (command) line.command = read_shell_command(*command);
  return line;
}

CommandLine read_doas_line(std::span<const std::string> argv, bool truncated) {
  CommandLine line;
  if (argv.empty() || truncated) return line;
  OptionReader reader(argv.subspan(1), "nsu:", {});  // of -C and -L the effect is another
  std::string_view user = "root";
  bool is_shell = false;
  for (Option option = reader.next(); option.letter != 0; option = reader.next()) {
    if (option.letter == OptionReader::kUncertain || option.letter == OptionReader::kDash) {
      return line;
    }
    if (option.letter == 'u') user = option.value;
    if (option.letter == 's') is_shell = true;
  }
  if (is_shell != reader.rest().empty()) return line;
  if (is_shell) {
    line.command.reading = Command::Reading::Shell;
  } else {
    line.command.reading = Command::Reading::Words;
    line.command.words.assign(reader.rest().begin(), reader.rest().end());
    line.command.may_be_excepted = true;
  }
  // doas takes digits for a uid where no account has that name.
  if (user.find_first_not_of("0123456789") != user.npos) line.target_user = user;
  return line;
}

}  // namespace stepup::policy
