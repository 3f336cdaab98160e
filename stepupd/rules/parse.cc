// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

#include "stepupd/rules/document.h"
#include "stepupd/rules/keys.h"
#include "stepupd/rules/node_reader.h"
#include "stepupd/rules/rules.h"
#include "stepupd/rules/settings.h"
#include "stepupd/rules/text_form.h"

namespace stepup::rules {
namespace {

using Origins = std::map<std::string, std::string, std::less<>>;  // where each rule name was used

std::vector<policy::Principal> read_principals(NodeReader& reader, const Node& node) {
  std::vector<policy::Principal> principals;
  for (std::string& name : reader.read_names(node)) {
    policy::Principal principal;
    if (name.starts_with('@')) {
      principal.kind = policy::Principal::Kind::Group;
      name.erase(0, 1);
      if (name.empty()) reader.problem(node, node.key + " holds \"@\" without the name of a group");
    }
    principal.name = std::move(name);
    principals.push_back(std::move(principal));
  }
  return principals;
}

policy::Rule read_rule(NodeReader& reader, const Node& table) {
  constexpr std::array kLevels = {Level::None, Level::Otp, Level::Touch, Level::TouchWithUv};
  constexpr std::array kScopes = {Scope::Session, Scope::Tty, Scope::Process};
  policy::Rule rule;
  bool has_name = false;
  bool has_level = false;
  for (const Node& node : table.items) {
    const std::string& key = node.key;
    if (key == "name") {
      has_name = true;
      const std::string* name = reader.read_text(node, "a string");
      if (name && reader.name_fits(node, *name)) rule.name = *name;
    } else if (key == "service") {
      rule.service = reader.read_names(node);
    } else if (key == "pam_service") {
      rule.pam_service = reader.read_names(node);
    } else if (key == "user") {
      rule.user = read_principals(reader, node);
    } else if (key == "target_user") {
      rule.target_user = reader.read_names(node);
      if (std::ranges::any_of(rule.target_user, [](const auto& n) { return n.starts_with('@'); }))
        reader.problem(node, "target_user takes users, not groups");
    } else if (key == "except_user") {
      rule.except_user = read_principals(reader, node);
    } else if (key == "level") {
      has_level = true;
      rule.level = reader.read_word(node, kLevels).value_or(rule.level);
    } else if (key == "max_age") {
      rule.max_age = reader.read_duration(node).value_or(rule.max_age);
    } else if (key == "scope") {
      rule.scope = reader.read_word(node, kScopes).value_or(rule.scope);
    } else if (key == "enforce") {
      rule.enforce = reader.read_boolean(node).value_or(rule.enforce);
    } else {
      reader.problem(node, explain_unknown_key(key, Place::Rule));
    }
  }
  if (!has_name) reader.problem(table, "a [[rule]] without a name");
  if (!has_level) {
    reader.problem(table,
                   "rule " + quote(rule.name) +
                       " has no level: it takes \"none\", \"otp\", \"touch\" or \"touch+uv\"");
  }
  return rule;
}

void read_rules(NodeReader& reader, const Node& list, RuleSet& set, Origins& origins) {
  if (list.kind != Node::Kind::Array) return reader.wrong_kind(list, "two brackets ([[rule]])");
  const std::string short_path = reader.path().substr(reader.path().rfind('/') + 1);
  for (const Node& table : list.items) {
    if (table.kind != Node::Kind::Table) {
      reader.problem(table, std::string("a rule is a table, not ") + kind_name(table.kind));
      continue;
    }
    policy::Rule rule = read_rule(reader, table);
    rule.origin = short_path + ':' + std::to_string(table.line);
    if (!rule.name.empty()) {
      // The journal names the rule that asked, so a name must tell which.
      const auto [used, is_new] = origins.try_emplace(rule.name, rule.origin);
      if (!is_new)
        reader.problem(table,
                       "rule " + quote(rule.name) + " is already defined at " + used->second);
    }
    set.rules.push_back(std::move(rule));
  }
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

// Reads one file into `set`.
void parse_file(const SourceFile& file, Place place, RuleSet& set, Origins& origins,
                std::vector<Problem>& problems) {
  if (auto bad = find_bad_text(file)) return problems.push_back(std::move(*bad));
  const auto document = read_document(file);
  if (!document) return problems.push_back(document.error());

  NodeReader reader(file.path, problems);
  for (const Node& node : document->items) {
    if (node.key == "rule") {
      read_rules(reader, node, set, origins);
    } else if (place == Place::DropIn || !read_setting(reader, node, set.settings)) {
      reader.problem(node, explain_unknown_key(node.key, place));
    }
  }
}

}  // namespace

std::expected<RuleSet, std::vector<Problem>> parse(const std::vector<SourceFile>& files) {
  RuleSet set;
  std::vector<Problem> problems;
  if (files.empty()) problems.push_back({"stepupd.conf", 0, 0, "missing"});
  Origins origins;
  for (const SourceFile& file : files) {
    const Place place = &file == &files.front() ? Place::Main : Place::DropIn;
    // A truncated or overwritten main file must not read as "no rule, everything is granted".
    if (place == Place::Main && is_blank(file.text)) {
      problems.push_back({file.path, 0, 0, "empty"});
      continue;
    }
    const std::size_t before = set.rules.size();
    const auto first_problem = static_cast<std::ptrdiff_t>(problems.size());
    parse_file(file, place, set, origins, problems);
    if (set.rules.size() == before && !file.replaces.empty()) set.masked.push_back(file.replaces);
    std::ranges::stable_sort(problems.begin() + first_problem, problems.end(), {},
                             [](const Problem& p) { return std::tie(p.line, p.column); });
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return set;
}

}  // namespace stepup::rules
