// SPDX-License-Identifier: ISC
// Finds the few of many rules that may concern a request, so that the rules of a whole fleet cost
// no more than those of one host.  Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/policy/rule.h"

namespace stepup::policy {

class RuleIndex {
 public:
  RuleIndex() = default;
  explicit RuleIndex(std::span<const Rule> rules);

  // How many rules there were.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // The indices of every rule that matches, ascending, among others that may not.
  [[nodiscard]] std::vector<std::size_t> candidates(const Facts& facts) const;

 private:
  using Filed = std::vector<std::size_t>;
  using ByName = std::map<std::string, Filed, std::less<>>;

  // Each rule is filed under one condition that it has, once for each of its alternatives.
  void file(const Rule& rule, std::size_t index);
  bool file_by_user(const Rule& rule, std::size_t index);
  bool file_by_program(const Rule& rule, std::size_t index);

  std::size_t size_ = 0;
  ByName by_tag_;
  std::map<uid_t, Filed> by_user_;
  std::map<gid_t, Filed> by_group_;
  Filed grouped_;  // all of by_group_, for a subject whose groups are unknown
  ByName by_program_;
  Filed with_program_;  // all of by_program_, for a command that cannot be read
  ByName by_service_;
  Filed others_;
};

}  // namespace stepup::policy
