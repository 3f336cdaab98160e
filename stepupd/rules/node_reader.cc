// SPDX-License-Identifier: ISC
#include "stepupd/rules/node_reader.h"

#include <algorithm>
#include <cstdint>

#include "stepupd/base/printable.h"
#include "stepupd/rules/duration.h"

namespace stepup::rules {
namespace {

constexpr std::size_t kMaxName = 256;

}  // namespace

std::string quote(std::string_view text) { return '"' + printable(text, 64) + '"'; }

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

const std::string* NodeReader::read_text(const Node& node, const char* wanted) {
  if (node.kind == Node::Kind::String) return &node.text;
  wrong_kind(node, wanted);
  return nullptr;
}

std::optional<bool> NodeReader::read_boolean(const Node& node) {
  if (node.kind == Node::Kind::Boolean) return node.boolean;
  wrong_kind(node, "true or false");
  return std::nullopt;
}

std::optional<BootTime> NodeReader::read_duration(const Node& node) {
  const std::string* text = read_text(node, R"(a duration such as "15min")");
  if (!text) return std::nullopt;
  const auto duration = parse_duration(*text);
  if (!duration) {
    problem(node, node.key + R"( takes "0", or a whole number and s, min, h or d, of at most )" +
                      format_duration(kMaxDuration) + ", such as \"15min\", not " + quote(*text));
  }
  return duration;
}

bool NodeReader::name_fits(const Node& node, std::string_view name) {
  if (name.empty()) {
    problem(node, node.key + " holds an empty name");
  } else if (name.size() > kMaxName) {
    problem(node, node.key + " holds a name longer than " + std::to_string(kMaxName) + " bytes");
  } else if (!is_printable(name)) {
    problem(node, node.key + " holds a control character: " + quote(name));
  } else {
    return true;
  }
  return false;
}

std::vector<const Node*> NodeReader::read_items(const Node& node) {
  std::vector<const Node*> items;
  if (node.kind != Node::Kind::Array) {
    wrong_kind(node, R"(a list of strings such as ["sudo"])");
    return items;
  }
  if (node.items.empty()) {
    // Meant as "nobody" or as "any"?  Neither guess is safe.
    problem(node, node.key + (node.key.starts_with("except_")
                                  ? " = [] excepts nobody: leave the key out, or name someone"
                                  : " = [] can never match: leave the key out, or name something"));
  }
  for (const Node& item : node.items) {
    const std::string* name = read_text(item, "a string");
    if (name && name_fits(item, *name)) items.push_back(&item);
  }
  return items;
}

std::vector<std::string> NodeReader::read_names(const Node& node) {
  std::vector<std::string> names;
  for (const Node* item : read_items(node)) names.push_back(item->text);
  return names;
}

}  // namespace stepup::rules
