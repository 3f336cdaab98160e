// SPDX-License-Identifier: ISC
#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/rules/document.h"
#include "stepupd/rules/duration.h"
#include "stepupd/rules/keys.h"
#include "stepupd/rules/rules.h"
#include "stepupd/rules/text_form.h"

namespace stepup::rules {
namespace {

constexpr std::size_t kMaxName = 256;
constexpr int kMaxFailures = 20;  // NIST SP 800-63B allows 100; a six-digit code wants far fewer
constexpr BootTime kMinBackoff = std::chrono::seconds(1);
constexpr BootTime kMaxBackoff = std::chrono::days(1);

std::string quote(std::string_view text) { return '"' + printable(text, 64) + '"'; }

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

using Origins = std::map<std::string, std::string, std::less<>>;  // where each rule name was used

// Reads the nodes of one file, and notes what is wrong with them.
class FileReader {
 public:
  FileReader(const SourceFile& file, std::vector<Problem>& problems)
      : path_(file.path), problems_(problems) {}

  void problem(const Node& node, std::string what) {
    problems_.push_back({path_, node.line, node.column, std::move(what)});
  }

  // Each returns the value, or notes a problem and returns nothing.
  const std::string* read_text(const Node& node, const char* wanted);
  std::optional<bool> read_boolean(const Node& node);
  std::optional<BootTime> read_duration(const Node& node);
  template <typename Value, std::size_t N>
  std::optional<Value> read_word(const Node& node, const std::array<Value, N>& values);
  std::vector<std::string> read_names(const Node& node);
  std::vector<policy::Principal> read_principals(const Node& node);
  bool name_fits(const Node& node, std::string_view name);

  Unenrolled read_unenrolled(const Node& node);
  void read_attempts(const Node& table, Settings& settings);
  bool read_setting(const Node& node, Settings& settings);  // false for an unknown key
  policy::Rule read_rule(const Node& table);
  void read_rules(const Node& list, RuleSet& set, Origins& origins);

 private:
  void wrong_kind(const Node& node, const char* wanted) {
    problem(node, node.key + " takes " + wanted + ", not " + kind_name(node.kind));
  }

  const std::string& path_;
  std::vector<Problem>& problems_;
};

const std::string* FileReader::read_text(const Node& node, const char* wanted) {
  if (node.kind == Node::Kind::String) return &node.text;
  wrong_kind(node, wanted);
  return nullptr;
}

std::optional<bool> FileReader::read_boolean(const Node& node) {
  if (node.kind == Node::Kind::Boolean) return node.boolean;
  wrong_kind(node, "true or false");
  return std::nullopt;
}

std::optional<BootTime> FileReader::read_duration(const Node& node) {
  const std::string* text = read_text(node, R"(a duration such as "15min")");
  if (!text) return std::nullopt;
  const auto duration = parse_duration(*text);
  if (!duration) {
    problem(node, node.key + R"( takes "0", or a whole number and s, min, h or d, of at most )" +
                      format_duration(kMaxDuration) + ", such as \"15min\", not " + quote(*text));
  }
  return duration;
}

template <typename Value, std::size_t N>
std::optional<Value> FileReader::read_word(const Node& node, const std::array<Value, N>& values) {
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

bool FileReader::name_fits(const Node& node, std::string_view name) {
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

std::vector<std::string> FileReader::read_names(const Node& node) {
  std::vector<std::string> names;
  if (node.kind != Node::Kind::Array) {
    wrong_kind(node, R"(a list of strings such as ["sudo"])");
    return names;
  }
  if (node.items.empty()) {
    // Meant as "nobody" or as "any"?  Neither guess is safe.
    problem(node, node.key == "except_user"
                      ? "except_user = [] excepts nobody: leave the key out, or name someone"
                      : node.key + " = [] can never match: leave the key out, or name something");
  }
  for (const Node& item : node.items) {
    const std::string* name = read_text(item, "a string");
    if (name && name_fits(item, *name)) names.push_back(*name);
  }
  return names;
}

std::vector<policy::Principal> FileReader::read_principals(const Node& node) {
  std::vector<policy::Principal> principals;
  for (std::string& name : read_names(node)) {
    policy::Principal principal;
    if (name.starts_with('@')) {
      principal.kind = policy::Principal::Kind::Group;
      name.erase(0, 1);
      if (name.empty()) problem(node, node.key + " holds \"@\" without the name of a group");
    }
    principal.name = std::move(name);
    principals.push_back(std::move(principal));
  }
  return principals;
}

Unenrolled FileReader::read_unenrolled(const Node& node) {
  constexpr const char* kWanted = R"("deny" or "allow-until YYYY-MM-DD")";
  constexpr std::string_view kAllowUntil = "allow-until ";
  const std::string* text = read_text(node, kWanted);
  if (!text || *text == "deny") return {};
  if (text->starts_with(kAllowUntil)) {
    if (const auto end = parse_end_of_day(text->substr(kAllowUntil.size()))) return {true, *end};
  }
  problem(node, node.key + " takes " + kWanted + ", not " + quote(*text));
  return {};
}

void FileReader::read_attempts(const Node& table, Settings& settings) {
  if (table.kind != Node::Kind::Table) return wrong_kind(table, "a table ([attempts])");
  for (const Node& node : table.items) {
    if (node.key == "max_failures") {
      if (node.kind != Node::Kind::Integer) {
        wrong_kind(node, "an integer");
      } else if (node.integer < 1 || node.integer > kMaxFailures) {
        problem(node, node.key + " takes 1 to " + std::to_string(kMaxFailures));
      } else {
        settings.max_failures = static_cast<int>(node.integer);
      }
    } else if (node.key == "max_backoff") {
      const auto duration = read_duration(node);
      if (!duration) continue;
      if (*duration < kMinBackoff || *duration > kMaxBackoff) {
        problem(node, node.key + " takes " + format_duration(kMinBackoff) + " to " +
                          format_duration(kMaxBackoff));
      }
      settings.max_backoff = *duration;
    } else {
      problem(node, explain_unknown_key(node.key, Place::Attempts));
    }
  }
}

bool FileReader::read_setting(const Node& node, Settings& settings) {
  constexpr std::array kModes = {Mode::Enforce, Mode::Monitor};
  if (node.key == "mode") {
    settings.mode = read_word(node, kModes).value_or(settings.mode);
  } else if (node.key == "unenrolled") {
    settings.unenrolled = read_unenrolled(node);
  } else if (node.key == "verify_session") {
    settings.verify_session = read_boolean(node).value_or(settings.verify_session);
  } else if (node.key == "attempts") {
    read_attempts(node, settings);
  } else {
    return false;
  }
  return true;
}

policy::Rule FileReader::read_rule(const Node& table) {
  constexpr std::array kLevels = {Level::None, Level::Otp, Level::Touch, Level::TouchWithUv};
  constexpr std::array kScopes = {Scope::Session, Scope::Tty, Scope::Process};
  policy::Rule rule;
  bool has_name = false;
  bool has_level = false;
  for (const Node& node : table.items) {
    const std::string& key = node.key;
    if (key == "name") {
      has_name = true;
      const std::string* name = read_text(node, "a string");
      if (name && name_fits(node, *name)) rule.name = *name;
    } else if (key == "service") {
      rule.service = read_names(node);
    } else if (key == "pam_service") {
      rule.pam_service = read_names(node);
    } else if (key == "user") {
      rule.user = read_principals(node);
    } else if (key == "target_user") {
      rule.target_user = read_names(node);
      if (std::ranges::any_of(rule.target_user, [](const auto& n) { return n.starts_with('@'); }))
        problem(node, "target_user takes users, not groups");
    } else if (key == "except_user") {
      rule.except_user = read_principals(node);
    } else if (key == "level") {
      has_level = true;
      rule.level = read_word(node, kLevels).value_or(rule.level);
    } else if (key == "max_age") {
      rule.max_age = read_duration(node).value_or(rule.max_age);
    } else if (key == "scope") {
      rule.scope = read_word(node, kScopes).value_or(rule.scope);
    } else if (key == "enforce") {
      rule.enforce = read_boolean(node).value_or(rule.enforce);
    } else {
      problem(node, explain_unknown_key(key, Place::Rule));
    }
  }
  if (!has_name) problem(table, "a [[rule]] without a name");
  if (!has_level) {
    problem(table, "rule " + quote(rule.name) +
                       " has no level: it takes \"none\", \"otp\", \"touch\" or \"touch+uv\"");
  }
  return rule;
}

void FileReader::read_rules(const Node& list, RuleSet& set, Origins& origins) {
  if (list.kind != Node::Kind::Array) return wrong_kind(list, "two brackets ([[rule]])");
  const std::string short_path = path_.substr(path_.rfind('/') + 1);
  for (const Node& table : list.items) {
    if (table.kind != Node::Kind::Table) {
      problem(table, std::string("a rule is a table, not ") + kind_name(table.kind));
      continue;
    }
    policy::Rule rule = read_rule(table);
    rule.origin = short_path + ':' + std::to_string(table.line);
    if (!rule.name.empty()) {
      // The journal names the rule that asked, so a name must tell which.
      const auto [used, is_new] = origins.try_emplace(rule.name, rule.origin);
      if (!is_new)
        problem(table, "rule " + quote(rule.name) + " is already defined at " + used->second);
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

  FileReader reader(file, problems);
  for (const Node& node : document->items) {
    if (node.key == "rule") {
      reader.read_rules(node, set, origins);
    } else if (place == Place::DropIn || !reader.read_setting(node, set.settings)) {
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
