// SPDX-License-Identifier: ISC
// What stepupd reads of command lines of sudo, su or doas, whichever the argument names, for
// test_sudo_lines.py and test_su_lines.py.  Standard input holds, for each line, the number of its
// words and the words, each ended by a NUL; standard output the kind, the user, the uid, the number
// of words and the words, likewise.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/policy/command_line.h"

using stepup::policy::Command;

namespace {

const char* kind_of(Command::Reading reading) {
  switch (reading) {
    case Command::Reading::None: return "none";
    case Command::Reading::Uncertain: return "uncertain";
    case Command::Reading::Shell: return "shell";
    case Command::Reading::Name: return "name";
    case Command::Reading::Words: return "words";
  }
  return "?";
}

void put(const std::string& field) { std::cout << field << '\0'; }

}  // namespace

int main(int argc, char** argv) {
  const std::string_view program = argc == 2 ? argv[1] : "";
  const auto read = program == "sudo"   ? &stepup::policy::read_sudo_line
                    : program == "su"   ? &stepup::policy::read_su_line
                    : program == "doas" ? &stepup::policy::read_doas_line
                                        : nullptr;
  if (read == nullptr) return 2;
  for (std::string field; std::getline(std::cin, field, '\0');) {
    std::vector<std::string> words(std::stoul(field));
    for (std::string& word : words) std::getline(std::cin, word, '\0');
    const auto line = read(words, false);
    put(kind_of(line.command.reading));
    put(line.target_user.value_or(""));
    put(line.target_uid ? std::to_string(*line.target_uid) : "");
    put(std::to_string(line.command.words.size()));
    std::ranges::for_each(line.command.words, put);
  }
}
