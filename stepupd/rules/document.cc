// SPDX-License-Identifier: ISC
#include "stepupd/rules/document.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <sstream>
#include <string_view>
#include <toml.hpp>
#include <tuple>
#include <utility>

#include "stepupd/base/printable.h"

namespace stepup::rules {
namespace {

// What toml11 says: a sentence, without the name of its function, and a remark on the place.
std::string not_toml(std::string_view sentence, std::string_view remark) {
  for (const std::string_view prefix : {"[error] ", "toml::"}) {
    if (sentence.starts_with(prefix)) sentence.remove_prefix(prefix.size());
  }
  if (const auto colon = sentence.find(": "); sentence.starts_with("parse_") && colon < 40) {
    sentence.remove_prefix(colon + 2);
  }
  std::string what(sentence);
  if (sentence.find("unknown value") != sentence.npos) what.append(" (text stands in quotes)");
  if (!remark.empty() && remark != "here") what.append(" (").append(remark).append(")");
  return "not TOML: " + printable(what, 200);
}

#if TOML11_VERSION_MAJOR < 4

using SyntaxError = toml::exception;

// Finds lines in a text.  toml11 counts the newlines from the beginning for each value that is
// asked for its location(), which takes a minute for a file of 1 MiB.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }
  // Sets the place of `node` to where the text of `value` begins.
  void place(Node& node, const toml::value& value) const {
    const auto* region = dynamic_cast<const toml::detail::region*>(toml::detail::get_region(value));
    const auto offset =
        region ? static_cast<std::size_t>(region->first() - region->begin()) : std::size_t{0};
    const auto next = std::ranges::upper_bound(starts_, offset);
    node.line = static_cast<unsigned>(next - starts_.begin());
    node.column = static_cast<unsigned>(offset - *std::prev(next)) + 1;
  }

 private:
  std::vector<std::size_t> starts_ = {0};  // of each line
};

const std::string& text_of(const toml::value& value) { return value.as_string().str; }

// toml11 draws its errors over several lines:
//   [error] toml::parse_table: invalid line format
//    --> file
//      |
//    1 | x=1 y=2
//      |     ^--- expected newline, but got 'y'.
// and gives the start of the line as the place of most.  Takes the sentence, and of the last mark
// its remark and, where the column is not known, its place.
Problem from_toml(const SyntaxError& error, const std::string& file) {
  std::string_view drawing = error.what();
  const unsigned line = error.location().line();
  unsigned column = error.location().column();
  const std::string_view sentence = drawing.substr(0, drawing.find('\n'));

  std::string_view remark;
  while (!drawing.empty()) {
    const std::string_view drawn = drawing.substr(0, drawing.find('\n'));
    drawing.remove_prefix(std::min(drawn.size() + 1, drawing.size()));
    const auto bar = drawn.find("| ");
    const auto mark = drawn.find_first_not_of(" |");
    if (bar == drawn.npos || mark == drawn.npos || mark < bar ||
        drawn.find_first_not_of(' ') != bar)
      continue;
    if (!drawn.substr(mark).starts_with("^---") && drawn[mark] != '~') continue;
    if (column == 1) column = static_cast<unsigned>(mark - bar - 1);
    remark = drawn.substr(mark);
    remark.remove_prefix(std::min(remark.find_first_not_of("^-~ "), remark.size()));
  }
  return {file, line, column, not_toml(sentence, remark)};
}

#else

using SyntaxError = toml::syntax_error;

class LineIndex {
 public:
  explicit LineIndex(std::string_view /*text*/) {}
  // Sets the place of `node` to where the text of `value` begins.
  void place(Node& node, const toml::value& value) const {
    const toml::source_location where = value.location();
    node.line = static_cast<unsigned>(where.first_line_number());
    node.column = static_cast<unsigned>(where.first_column_number());
  }
};

const std::string& text_of(const toml::value& value) { return value.as_string(); }

Problem from_toml(const SyntaxError& error, const std::string& file) {
  const toml::error_info& first = error.errors().at(0);
  const auto& [where, remark] = first.locations().at(0);
  return {file, static_cast<unsigned>(where.first_line_number()),
          static_cast<unsigned>(where.first_column_number()), not_toml(first.title(), remark)};
}

#endif

// NOLINTNEXTLINE(misc-no-recursion): no deeper than kMaxNesting
Node to_node(const toml::value& value, std::string key, const LineIndex& lines) {
  Node node;
  node.key = std::move(key);
  lines.place(node, value);
  switch (value.type()) {
    case toml::value_t::boolean:
      node.kind = Node::Kind::Boolean;
      node.boolean = value.as_boolean();
      break;
    case toml::value_t::integer:
      node.kind = Node::Kind::Integer;
      node.integer = value.as_integer();
      break;
    case toml::value_t::string:
      node.kind = Node::Kind::String;
      node.text = text_of(value);
      break;
    case toml::value_t::array:
      node.kind = Node::Kind::Array;
      for (const toml::value& item : value.as_array()) {
        node.items.push_back(to_node(item, "each item of " + node.key, lines));
      }
      break;
    case toml::value_t::table:
      node.kind = Node::Kind::Table;
      for (const auto& [name, item] : value.as_table())
        node.items.push_back(to_node(item, name, lines));
      // toml11's table is a hash table; problems are reported in the order of the file.
      std::ranges::sort(node.items, {}, [](const Node& item) {
        return std::tie(item.line, item.column, item.key);
      });
      break;
    default: node.kind = Node::Kind::Other; break;
  }
  return node;
}

}  // namespace

const char* kind_name(Node::Kind kind) noexcept {
  switch (kind) {
    case Node::Kind::Boolean: return "a boolean";
    case Node::Kind::Integer: return "an integer";
    case Node::Kind::String: return "a string";
    case Node::Kind::Array: return "a list";
    case Node::Kind::Table: return "a table";
    case Node::Kind::Other: return "a date, time or fraction";
  }
  return "?";
}

std::expected<Node, Problem> read_document(const SourceFile& file) {
  // toml11 reports errors by throwing; nothing of that may leave this file.
  try {
    std::istringstream text(file.text);
    return to_node(toml::parse(text, file.path), {}, LineIndex(file.text));
  } catch (const SyntaxError& error) {
    return std::unexpected(from_toml(error, file.path));
  } catch (const std::exception& error) {
    return std::unexpected(Problem{file.path, 0, 0, "not TOML: " + printable(error.what(), 200)});
  }
}

}  // namespace stepup::rules
