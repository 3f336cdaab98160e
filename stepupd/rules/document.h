// SPDX-License-Identifier: ISC
// A TOML file as plain values.  document.cc is the only file that knows toml11, whose interface
// differs between the distributions.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "stepupd/rules/rules.h"

namespace stepup::rules {

// One TOML value and where it stands.
struct Node {
  enum class Kind : std::uint8_t { Boolean, Integer, String, Array, Table, Other };
  Kind kind = Kind::Table;
  std::string key;  // under which its table holds it; "each item of KEY" in a list
  unsigned line = 1;
  unsigned column = 1;
  bool boolean = false;
  std::int64_t integer = 0;  // a number that does not fit is at the nearest end, or not TOML
  std::string text;
  std::vector<Node> items;  // of an array in order, of a table in order of place
};

// "a boolean", "a list": for messages.
[[nodiscard]] const char* kind_name(Node::Kind kind) noexcept;

// Input is untrusted: `file.text` may be anything.  Returns the file's top table, or the first
// thing that is not TOML.  Requires that find_bad_text() found nothing: toml11 recurses as deep as
// the text nests.
[[nodiscard]] std::expected<Node, Problem> read_document(const SourceFile& file);

}  // namespace stepup::rules
