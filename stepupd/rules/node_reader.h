// SPDX-License-Identifier: ISC
// Takes values out of a file's nodes, and notes what is wrong with them.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/rules/document.h"
#include "stepupd/rules/rules.h"

namespace stepup::rules {

// `text` between quotation marks, fit for a message.
[[nodiscard]] std::string quote(std::string_view text);

// Whether it holds no control character of ASCII.
[[nodiscard]] bool is_printable(std::string_view text);

// Reads one file, whose path is kept by its caller.
class NodeReader {
 public:
  NodeReader(const std::string& path, std::vector<Problem>& problems)
      : path_(path), problems_(problems) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  void problem(const Node& node, std::string what) {
    problems_.push_back({path_, node.line, node.column, std::move(what)});
  }
  void wrong_kind(const Node& node, const char* wanted) {
    problem(node, node.key + " takes " + wanted + ", not " + kind_name(node.kind));
  }

  // Each returns the value, or notes a problem and returns nothing.
  const std::string* read_text(const Node& node, const char* wanted);
  std::optional<bool> read_boolean(const Node& node);
  std::optional<BootTime> read_duration(const Node& node);
  template <typename Value, std::size_t N>
  std::optional<Value> read_word(const Node& node, const std::array<Value, N>& values);
  // The strings of a list that fit, as nodes or as text; an empty list is a problem.
  std::vector<const Node*> read_items(const Node& node);
  std::vector<std::string> read_names(const Node& node);
  bool name_fits(const Node& node, std::string_view name);

 private:
  const std::string& path_;
  std::vector<Problem>& problems_;
};

template <typename Value, std::size_t N>
std::optional<Value> NodeReader::read_word(const Node& node, const std::array<Value, N>& values) {
  std::string words;
  for (std::size_t i = 0; i < N; ++i) {
    words.append(i == 0 ? "" : i + 1 < N ? ", " : " or ").append(quote(to_string(values[i])));
  }
  const std::string* text = read_text(node, words.c_str());
  if (!text) return std::nullopt;
  for (const Value value : values) {
    if (*text == to_string(value)) return value;
  }
  problem(node, node.key + " takes " + words + ", not " + quote(*text));
  return std::nullopt;
}

}  // namespace stepup::rules
