// SPDX-License-Identifier: ISC
#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

#include "stepupd/rules/document.h"
#include "stepupd/rules/host_tags.h"
#include "stepupd/rules/keys.h"
#include "stepupd/rules/node_reader.h"
#include "stepupd/rules/read_rule.h"
#include "stepupd/rules/rules.h"
#include "stepupd/rules/settings.h"
#include "stepupd/rules/text_form.h"
#include "stepupd/rules/zone_files.h"

namespace stepup::rules {
namespace {

using Origins = std::map<std::string, std::string, std::less<>>;  // where each rule name was used

void read_rules(NodeReader& reader, const Node& list, RuleSet& set, Origins& origins,
                ZoneFiles& zones) {
  if (list.kind != Node::Kind::Array) return reader.wrong_kind(list, "two brackets ([[rule]])");
  const std::string short_path = reader.path().substr(reader.path().rfind('/') + 1);
  for (const Node& table : list.items) {
    if (table.kind != Node::Kind::Table) {
      reader.problem(table, std::string("a rule is a table, not ") + kind_name(table.kind));
      continue;
    }
    policy::Rule rule = read_rule(reader, table, zones);
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
                std::vector<Problem>& problems, ZoneFiles& zones) {
  if (auto bad = find_bad_text(file)) return problems.push_back(std::move(*bad));
  const auto document = read_document(file);
  if (!document) return problems.push_back(document.error());

  NodeReader reader(file.path, problems);
  for (const Node& node : document->items) {
    if (node.key == "rule") {
      read_rules(reader, node, set, origins, zones);
    } else if (place == Place::DropIn || !read_setting(reader, node, set.settings)) {
      reader.problem(node, explain_unknown_key(node.key, place));
    }
  }
}

}  // namespace

std::expected<RuleSet, std::vector<Problem>> parse(const std::vector<SourceFile>& files,
                                                   policy::MissingZone missing_zone) {
  RuleSet set;
  std::vector<Problem> problems;
  if (files.empty()) problems.push_back({"stepupd.conf", 0, 0, "missing"});
  Origins origins;
  ZoneFiles zones(missing_zone);
  for (const SourceFile& file : files) {
    const Place place = &file == &files.front() ? Place::Main : Place::DropIn;
    // A truncated or overwritten main file must not read as "no rule, everything is granted".
    if (place == Place::Main && is_blank(file.text)) {
      problems.push_back({file.path, 0, 0, "empty"});
      continue;
    }
    const std::size_t before = set.rules.size();
    const auto first_problem = static_cast<std::ptrdiff_t>(problems.size());
    if (place == Place::DropIn && is_tag_file(file)) {
      read_tag_file(file, set.settings.tags, problems);
      continue;
    }
    parse_file(file, place, set, origins, problems, zones);
    if (set.rules.size() == before && !file.replaces.empty()) set.masked.push_back(file.replaces);
    std::ranges::stable_sort(problems.begin() + first_problem, problems.end(), {},
                             [](const Problem& p) { return std::tie(p.line, p.column); });
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return set;
}

}  // namespace stepup::rules
