// SPDX-License-Identifier: ISC
// Rules and facts drawn at random from a small world, so that many of them meet.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "stepupd/policy/rule.h"

namespace stepup::policy {

class RandomPolicy {
 public:
  explicit RandomPolicy(std::uint32_t seed) : random_(seed) {}

  std::uint32_t pick(std::uint32_t count) { return static_cast<std::uint32_t>(random_()) % count; }
  bool one_in(std::uint32_t count) { return pick(count) == 0; }
  template <typename Items>
  auto& any(Items& items) {
    return items[pick(static_cast<std::uint32_t>(std::size(items)))];
  }
  template <typename Items>
  void shuffle(Items& items) {
    std::ranges::shuffle(items, random_);
  }

 private:
  static Principal principal(Principal::Kind kind, const char* name, Principal::Lookup lookup,
                             std::uint32_t id) {
    Principal principal{kind, name, lookup, id};
    principal.local = id % 2 == 0;
    return principal;
  }
  // None, mostly; else a few.
  template <typename Items>
  auto some(const Items& from) {
    std::vector<std::remove_cvref_t<decltype(from[0])>> list;
    while (one_in(4)) list.push_back(any(from));
    return list;
  }
  std::optional<bool> maybe() { return one_in(3) ? std::optional(one_in(2)) : std::nullopt; }

 public:
  Rule rule() {
    Rule rule;
    rule.name = "r" + std::to_string(++named_);
    rule.service = some(kFamilies);
    rule.pam_service = some(kFamilies);
    rule.user = some(kPrincipals);
    rule.target_user = some(kPrincipals);
    rule.command = some(kPatterns);
    rule.host_tag = some(kTags);
    rule.source = some(kNetworks);
    rule.remote = maybe();
    rule.tty = some(kTerminals);
    rule.login_method = some(kMethods);
    rule.time = some(kWindows);
    rule.except_user = some(kPrincipals);
    rule.except_command = some(kPatterns);
    rule.except_source = some(kNetworks);
    rule.level = static_cast<Level>(pick(4));
    if (one_in(3)) rule.factors = {any(kFactorKinds), any(kFactorKinds), FactorKind::Fido2};
    rule.max_age = std::chrono::minutes(pick(4));
    if (one_in(3)) rule.max_idle = std::chrono::minutes(pick(4));
    rule.scope = static_cast<Scope>(pick(3));
    if (one_in(8)) rule.deny = rule.name;
    rule.enforce = !one_in(4);
    rule.login_counts = !one_in(3);
    return rule;
  }
  std::vector<Rule> rules(std::uint32_t count) {
    std::vector<Rule> rules(count);
    std::ranges::generate(rules, [this] { return rule(); });
    return rules;
  }

  Facts facts() {
    Facts facts;
    facts.family = any(kFamilies);
    if (!one_in(4)) facts.pam_service = any(kFamilies);
    facts.subject = 1000 + pick(2);
    if (!one_in(3)) facts.groups = std::vector<gid_t>{one_in(2) ? 10U : 50U};
    if (!one_in(3)) facts.target_user = any(kFamilies);
    if (one_in(2)) facts.target_uid = pick(2) * 1000;
    if (one_in(2)) facts.target_gid = 10;
    if (one_in(4)) facts.target_groups = std::vector<gid_t>{50};
    facts.command.reading = static_cast<Command::Reading>(pick(5));
    if (facts.command.reading == Command::Reading::Words) facts.command.words = any(kCommands);
    if (facts.command.reading == Command::Reading::Name) facts.command.words = {"id"};
    facts.command.may_be_excepted = facts.command.program_is_safe = one_in(2);
    if (one_in(2)) facts.host_tags = {any(kTags)};
    if (one_in(2)) facts.source = LoginSource{parse_address("10.0.0.7")};
    if (one_in(4)) facts.source = LoginSource{};
    facts.remote = maybe();
    if (one_in(2)) facts.tty = any(kTerminals);
    if (one_in(2)) facts.login_methods = std::vector<std::string>{any(kMethods)};
    if (one_in(2)) facts.now = Moment{pick(7 * 86400), {}};
    return facts;
  }

 private:
  using Kind = Principal::Kind;
  using Lookup = Principal::Lookup;
  const std::array<std::string, 3> kFamilies{"sudo", "su", "sshd"};
  const std::array<Principal, 6> kPrincipals{
      principal(Kind::User, "sudo", Lookup::Found, 1000),
      principal(Kind::User, "root", Lookup::Found, 0),
      principal(Kind::Group, "wheel", Lookup::Found, 10),
      principal(Kind::Group, "staff", Lookup::Found, 50),
      principal(Kind::User, "nobody-here", Lookup::Absent, kNoUid),
      principal(Kind::User, "carol", Lookup::Unknown, kNoUid)};
  const std::array<CommandPattern, 4> kPatterns{
      *parse_command_pattern("/usr/bin/id"), *parse_command_pattern("/bin/ls *"),
      *parse_command_pattern("/usr/bin/*"), *parse_command_pattern("/bin/ls /srv/*")};
  const std::array<std::vector<std::string>, 6> kCommands{
      std::vector<std::string>{"/usr/bin/id"},
      {"id", "-u"},
      {"/bin/ls", "x"},
      {"/bin/ls", "/srv/x"},
      {"/bin/ls", "/srv/.."},
      {"/opt/x"}
  };
  const std::array<std::string, 2> kTags{"db", "web"};
  const std::array<Network, 2> kNetworks{*parse_network("10.0.0.0/8"), *parse_network("::1")};
  const std::array<std::string, 4> kTerminals{"none", "any", "pts/1", "pts/*"};
  const std::array<std::string, 2> kMethods{"pwd", "hwk"};
  const std::array<TimeWindow, 2> kWindows{*parse_time_window("mon-fri 08:00-18:00"),
                                           *parse_time_window("22:00-06:00 UTC")};
  std::mt19937 random_;
  int named_ = 0;
};

}  // namespace stepup::policy
