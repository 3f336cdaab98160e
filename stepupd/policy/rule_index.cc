// SPDX-License-Identifier: ISC
#include "stepupd/policy/rule_index.h"

#include <algorithm>

namespace stepup::policy {
namespace {

std::string_view basename_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

template <typename Key, typename Map>
void add_from(const Map& map, const Key& key, std::vector<std::size_t>& found) {
  const auto filed = map.find(key);
  if (filed != map.end()) found.insert(found.end(), filed->second.begin(), filed->second.end());
}

}  // namespace

RuleIndex::RuleIndex(std::span<const Rule> rules) : size_(rules.size()) {
  for (std::size_t i = 0; i < rules.size(); ++i) file(rules[i], i);
}

void RuleIndex::file(const Rule& rule, std::size_t index) {
  if (!rule.host_tag.empty()) {
    for (const std::string& tag : rule.host_tag) by_tag_[tag].push_back(index);
  } else if (!file_by_user(rule, index) && !file_by_program(rule, index)) {
    if (rule.service.empty()) others_.push_back(index);
    for (const std::string& family : rule.service) by_service_[family].push_back(index);
  }
}

bool RuleIndex::file_by_user(const Rule& rule, std::size_t index) {
  const auto is_unknown = [](const Principal& principal) {
    return principal.lookup == Principal::Lookup::Unknown;
  };
  if (rule.user.empty() || std::ranges::any_of(rule.user, is_unknown)) return false;
  for (const Principal& principal : rule.user) {
    if (principal.lookup != Principal::Lookup::Found) continue;  // matches nobody
    if (principal.kind == Principal::Kind::User) {
      by_user_[principal.id].push_back(index);
    } else {
      by_group_[principal.id].push_back(index);
      grouped_.push_back(index);
    }
  }
  return true;
}

bool RuleIndex::file_by_program(const Rule& rule, std::size_t index) {
  const auto has_star = [](const CommandPattern& pattern) {
    return basename_of(pattern.words.front()).contains('*');
  };
  if (rule.command.empty() || std::ranges::any_of(rule.command, has_star)) return false;
  for (const CommandPattern& pattern : rule.command) {
    by_program_[std::string(basename_of(pattern.words.front()))].push_back(index);
  }
  with_program_.push_back(index);
  return true;
}

std::vector<std::size_t> RuleIndex::candidates(const Facts& facts) const {
  std::vector<std::size_t> found = others_;
  for (const std::string& tag : facts.host_tags) add_from(by_tag_, tag, found);
  add_from(by_user_, facts.subject, found);
  if (facts.groups) {
    for (const gid_t gid : *facts.groups) add_from(by_group_, gid, found);
  } else {
    found.insert(found.end(), grouped_.begin(), grouped_.end());
  }
  if (facts.command.reading == Command::Reading::Words) {
    add_from(by_program_, basename_of(facts.command.words.front()), found);
  } else if (facts.command.reading != Command::Reading::None) {
    found.insert(found.end(), with_program_.begin(), with_program_.end());
  }
  add_from(by_service_, facts.family, found);
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

}  // namespace stepup::policy
