// SPDX-License-Identifier: ISC
// The command lines of sudo, su and doas, as NUL-terminated words of which a user chooses all.
// Property: the words that are read are the last ones of the line, in their order (but for
// sudoedit, which is named anew, and su, whose words lie in one); what is excepted has no
// assignment; a line that was cut short is uncertain.
#include <algorithm>
#include <string>
#include <vector>

#include "stepupd/policy/command_line.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using policy::Command;

namespace {

void check(const policy::CommandLine& line, const std::vector<std::string>& argv) {
  const Command& command = line.command;
  fuzz::require((command.reading == Command::Reading::Words) == !command.words.empty(),
                "words where words are read");
  if (command.words.empty()) {
    fuzz::require(!command.may_be_excepted, "only words are excepted");
    return;
  }
  const bool is_edit = command.words.front() == "sudoedit";
  const auto own = std::span(command.words).subspan(is_edit ? 1 : 0);
  fuzz::require(
      own.size() < argv.size() && std::ranges::equal(own, std::span(argv).last(own.size())),
      "the last words of the line");
  if (command.may_be_excepted) {
    const auto before = std::span(argv).first(argv.size() - own.size()).subspan(1);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const bool is_value = i > 0 && before[i - 1].starts_with('-');
      const bool is_name = is_edit && i + 1 == before.size() && before[i] == "sudoedit";
      fuzz::require(before[i].starts_with('-') || is_value || is_name,
                    "no assignment before what is excepted");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  std::vector<std::string> argv;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find('\0'));
    argv.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  check(policy::read_sudo_line(argv, false), argv);
  check(policy::read_doas_line(argv, false), argv);
  (void)policy::read_su_line(argv, false);
  for (const auto& cut : {policy::read_sudo_line(argv, true), policy::read_doas_line(argv, true),
                          policy::read_su_line(argv, true)}) {
    fuzz::require(cut.command.reading == Command::Reading::Uncertain && !cut.target_user,
                  "what was cut short is uncertain");
  }
  return 0;
}
