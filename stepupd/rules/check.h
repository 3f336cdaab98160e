// SPDX-License-Identifier: ISC
// Looking at conf files before they are obeyed: what "stepupctl config check", "show" and "diff"
// and "stepupd --check" say.  Needs no daemon and no rights but to read the files.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/rules/rules.h"

namespace stepup::rules {

// Files that were read and parsed as stepupd does it.
struct Checked {
  std::vector<SourceFile> files;
  std::optional<RuleSet> set;     // when stepupd would take them
  std::vector<Problem> problems;  // else
};

// Reads and parses the files of `layout`, and those that declare security keys.
[[nodiscard]] Checked check(const Layout& layout, OwnerRule owner);

// The same for what packages brought alone: the vendor's drop-ins, and every setting at its
// default.
[[nodiscard]] Checked check_vendor(const Layout& layout, OwnerRule owner);

// "file:line:column: what", and below it the line with a caret under the place, where there is one.
// Reads the file anew.  Printable ASCII but for the newlines; none at the end.
[[nodiscard]] std::string with_caret(const Problem& problem);

// What is legal, and perhaps not meant.
[[nodiscard]] std::vector<std::string> warnings(const RuleSet& set);

// Of files that stepupd would take: one line for each rule, the masked files, and how many there
// are of what.
[[nodiscard]] std::string summary(const Checked& checked);

// The keys of stepupd.conf that are not [[rule]], with their values as the file writes them:
// {"mode", "\"enforce\""}, {"attempts.max_failures", "5"}.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> list(const Settings& settings);

// And the whole of what holds: each setting, and whether it is the default; each rule with its
// conditions, demand and place; what masks what.
[[nodiscard]] std::string show(const Checked& checked);

// One line of a difference: a setting, a rule or a mask that goes or comes.
struct Change {
  bool comes = false;
  std::string statement;  // "mode = \"monitor\""
};

// What turns `before` into `after`, in an order that puts the old beside the new.  Rules are
// compared by name, and where they stand makes no difference.
[[nodiscard]] std::vector<Change> difference(const Checked& before, const Checked& after);

// A line each, which begins with "-" or "+"; empty for no difference.
[[nodiscard]] std::string to_string(const std::vector<Change>& changes);

}  // namespace stepup::rules
