// SPDX-License-Identifier: ISC
#include "stepupd/rules/read_rule.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/rules/host_tags.h"
#include "stepupd/rules/keys.h"
#include "stepupd/rules/login_method.h"

namespace stepup::rules {
namespace {

using policy::Principal;
using policy::Rule;

std::vector<Principal> read_principals(NodeReader& reader, const Node& node) {
  std::vector<Principal> principals;
  for (std::string& name : reader.read_names(node)) {
    Principal principal;
    if (name.starts_with('@')) {
      principal.kind = Principal::Kind::Group;
      name.erase(0, 1);
      if (name.empty()) reader.problem(node, node.key + " holds \"@\" without the name of a group");
    }
    principal.name = std::move(name);
    principals.push_back(std::move(principal));
  }
  return principals;
}

// The items of a list as `parse` reads each, which returns what is wrong with one that it cannot.
template <typename Parse>
auto read_each(NodeReader& reader, const Node& node, Parse parse) {
  std::vector<typename decltype(parse(std::string_view()))::value_type> list;
  for (const Node* item : reader.read_items(node)) {
    auto value = parse(item->text);
    if (value) {
      list.push_back(std::move(*value));
    } else {
      reader.problem(*item, node.key + ": " + quote(item->text) + ' ' + value.error());
    }
  }
  return list;
}

std::expected<std::string, std::string> parse_tag(std::string_view text) {
  if (is_host_tag(text)) return std::string(text);
  return std::unexpected(std::string("is no tag: ") + kTagForm);
}

std::expected<std::string, std::string> parse_tty(std::string_view text) {
  const bool is_path = text.starts_with('/');
  const auto star = text.find('*');
  if (!is_path && (star == text.npos || star + 1 == text.size())) return std::string(text);
  return std::unexpected(R"(is no terminal: "none", "any", or a name below /dev such as "tty1" or )"
                         R"("pts/*")");
}

FactorSet read_factors(NodeReader& reader, const Node& node) {
  FactorSet factors;
  if (node.kind == Node::Kind::Array && node.items.empty()) {
    reader.problem(node, "factors = [] leaves nothing to prove: to refuse, write deny");
  } else if (node.kind != Node::Kind::Array) {
    reader.wrong_kind(node, R"(a list such as ["fido2"])");
  } else {
    for (const Node& item : node.items) {
      if (const auto kind = reader.read_word(item, kFactorKinds)) factors.add(*kind);
    }
  }
  return factors;
}

std::string read_line(NodeReader& reader, const Node& node) {
  const std::string* text = reader.read_text(node, "a string");
  return text && reader.name_fits(node, *text) ? *text : std::string();
}

// False for a key that is no condition.
bool read_condition(NodeReader& reader, const Node& node, Rule& rule, ZoneFiles& zones) {
  const std::string& key = node.key;
  if (key == "service") {
    rule.service = reader.read_names(node);
  } else if (key == "pam_service") {
    rule.pam_service = reader.read_names(node);
  } else if (key == "user") {
    rule.user = read_principals(reader, node);
  } else if (key == "target_user") {
    rule.target_user = read_principals(reader, node);
  } else if (key == "command") {
    rule.command = read_each(reader, node, policy::parse_command_pattern);
  } else if (key == "host_tag") {
    rule.host_tag = read_each(reader, node, parse_tag);
  } else if (key == "source") {
    rule.source = read_each(reader, node, policy::parse_network);
  } else if (key == "remote") {
    rule.remote = reader.read_boolean(node);
  } else if (key == "tty") {
    rule.tty = read_each(reader, node, parse_tty);
  } else if (key == "login_method") {
    rule.login_method = read_each(reader, node, parse_login_method);
  } else if (key == "time") {
    rule.time =
        read_each(reader, node, [&](std::string_view text) { return zones.time_window(text); });
  } else if (key == "except_user") {
    rule.except_user = read_principals(reader, node);
  } else if (key == "except_command") {
    rule.except_command = read_each(reader, node, policy::parse_command_pattern);
  } else if (key == "except_source") {
    rule.except_source = read_each(reader, node, policy::parse_network);
  } else {
    return false;
  }
  return true;
}

// False for a key that is no part of a demand.
bool read_demand(NodeReader& reader, const Node& node, Rule& rule) {
  constexpr std::array kLevels = {Level::None, Level::Otp, Level::Touch, Level::TouchWithUv};
  constexpr std::array kScopes = {Scope::Session, Scope::Tty, Scope::Process};
  const std::string& key = node.key;
  if (key == "level") {
    rule.level = reader.read_word(node, kLevels).value_or(rule.level);
  } else if (key == "factors") {
    rule.factors = read_factors(reader, node);
  } else if (key == "max_age") {
    rule.max_age = reader.read_duration(node).value_or(rule.max_age);
  } else if (key == "max_idle") {
    rule.max_idle = reader.read_duration(node).value_or(rule.max_idle);
  } else if (key == "scope") {
    rule.scope = reader.read_word(node, kScopes).value_or(rule.scope);
  } else if (key == "deny") {
    rule.deny = read_line(reader, node);
  } else if (key == "login_counts") {
    rule.login_counts = reader.read_boolean(node).value_or(rule.login_counts);
  } else if (key == "enforce") {
    rule.enforce = reader.read_boolean(node).value_or(rule.enforce);
  } else {
    return false;
  }
  return true;
}

template <typename Items, typename In>
bool all_in(const Items& items, In in) {
  return !items.empty() && std::ranges::all_of(items, in);
}

bool lists(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Whether no program of the families in `service` asks PAM under a name in `pam_service`.
bool is_other_service(const Rule& rule) {
  // sudoers may give sudo any name, and a program of its own may have doas's.
  if (rule.service.empty() || lists(rule.service, "sudo") || lists(rule.service, "doas"))
    return false;
  return all_in(rule.pam_service, [&](const std::string& name) {
    return !lists(rule.service, policy::family_of(name));
  });
}

bool excepts_all_users(const Rule& rule) {
  return all_in(rule.user, [&](const Principal& who) {
    return std::ranges::find(rule.except_user, who) != rule.except_user.end();
  });
}

bool excepts_all_sources(const Rule& rule) {
  return all_in(rule.source, [&](const policy::Network& source) {
    return std::ranges::any_of(rule.except_source, [&](const policy::Network& excepted) {
      return excepted.contains(source);
    });
  });
}

// Tells of conditions that exclude each other.
void find_contradictions(NodeReader& reader, const Node& table, const Rule& rule) {
  const auto complain = [&](std::string_view key, const char* what) {
    const auto node = std::ranges::find(table.items, key, &Node::key);
    reader.problem(node == table.items.end() ? table : *node,
                   "rule " + quote(rule.name) + " can never match: " + what);
  };
  if (is_other_service(rule)) complain("pam_service", "pam_service is of no family in service");
  if (excepts_all_users(rule)) complain("except_user", "except_user lists all of user");
  if (excepts_all_sources(rule)) complain("except_source", "except_source holds all of source");
  if (rule.remote == false && !rule.source.empty())
    complain("source", "who is not remote comes from no network");
  if (!rule.command.empty() && all_in(rule.service, policy::only_logs_in))
    complain("command", "no program in service runs a command");
}

}  // namespace

Rule read_rule(NodeReader& reader, const Node& table, ZoneFiles& zones) {
  Rule rule;
  bool has_name = false;
  bool has_level = false;
  for (const Node& node : table.items) {
    if (node.key == "name") {
      has_name = true;
      rule.name = read_line(reader, node);
    } else if (read_demand(reader, node, rule)) {
      has_level = has_level || node.key == "level";
    } else if (!read_condition(reader, node, rule, zones)) {
      reader.problem(node, explain_unknown_key(node.key, Place::Rule));
    }
  }
  if (!has_name) reader.problem(table, "a [[rule]] without a name");
  if (!has_level && !rule.deny) {
    reader.problem(table, "rule " + quote(rule.name) +
                              " has no level: it takes \"none\", \"otp\", \"touch\" or "
                              "\"touch+uv\"");
  }
  if (!has_level) rule.level = Level::None;
  if (rule.factors != FactorSet() && !rule.factors.reaches(rule.level)) {
    reader.problem(table, "rule " + quote(rule.name) +
                              " can never be met: none of its factors reaches its level");
  }
  find_contradictions(reader, table, rule);
  return rule;
}

}  // namespace stepup::rules
