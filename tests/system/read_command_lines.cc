// SPDX-License-Identifier: ISC
// What stepupd reads of command lines of sudo, for test_sudo_lines.py.  Standard input holds, for
// each line, the number of its words and the words, each ended by a NUL; standard output the kind,
// the user, the uid, the number of words and the words, likewise.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <string>
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

int main() {
  for (std::string field; std::getline(std::cin, field, '\0');) {
    std::vector<std::string> words(std::stoul(field));
    for (std::string& word : words) std::getline(std::cin, word, '\0');
    const auto line = stepup::policy::read_sudo_line(words, false);
    put(kind_of(line.command.reading));
    put(line.target_user.value_or(""));
    put(line.target_uid ? std::to_string(*line.target_uid) : "");
    put(std::to_string(line.command.words.size()));
    std::ranges::for_each(line.command.words, put);
  }
}
