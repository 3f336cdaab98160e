// SPDX-License-Identifier: ISC
// One text of a conf file, and what is said of it.
#pragma once

#include <string>
#include <vector>

#include "stepupd/rules/rules.h"

#include <CppUTest/TestHarness.h>

namespace stepup::rules {

inline std::vector<SourceFile> main_file(std::string text) {
  return {
      {"stepupd.conf", std::move(text)}
  };
}

// All problems, one a line; empty when there are none.
inline std::string problems_of(const std::vector<SourceFile>& files) {
  const auto set = parse(files);
  std::string lines;
  if (set) return lines;
  for (const Problem& problem : set.error()) {
    if (!lines.empty()) lines += '\n';
    lines += to_string(problem);
  }
  return lines;
}

// toml11 keeps what it has built for its first text of each form, which CppUTest would take for a
// leak of the first test.
inline const auto warm =
    parse(main_file("a = [1, 1.5, 1979-05-27T07:32:00Z, {b = true}] # c\n[t]\nx = 'y'\n"
                    "y = \"z\\n\"\nz = \"\"\"a\"\"\"\nt = '''a'''\n[[r]]\n"));

struct TextCase {
  const char* text;
  const char* want;
};

inline void check_main(const TextCase& c) {
  STRCMP_EQUAL_TEXT(c.want, problems_of(main_file(c.text)).c_str(), c.text);
}

// As the body of a rule, whose first line is line 4.
inline void check_in_rule(const TextCase& c) {
  const std::string head = "[[rule]]\nname = \"a\"\nlevel = \"otp\"\n";
  const std::string place = *c.want == '\0' ? "" : "stepupd.conf:4:";
  STRCMP_EQUAL_TEXT((place + c.want).c_str(), problems_of(main_file(head + c.text)).c_str(),
                    c.text);
}

}  // namespace stepup::rules
