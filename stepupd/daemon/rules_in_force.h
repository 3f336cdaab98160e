// SPDX-License-Identifier: ISC
// Which rules decide now: those of the files, or the last good ones (ARCHITECTURE section 4).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/accounts.h"
#include "stepupd/policy/rule_index.h"
#include "stepupd/rules/rules.h"

namespace stepup::daemon {

// Immutable once loaded; a reload replaces the whole, so a decision sees old or new, never a mix.
struct InForce {
  rules::RuleSet set;                   // principals resolved
  std::string digest;                   // SHA-256 of the files, in hex
  std::optional<rules::Problem> stale;  // set when these are the last good ones: what is wrong
  policy::RuleIndex index = {};         // of the rules
  std::vector<policy::CommandPattern> excepted = {};  // by any rule
  bool asks_origin = false;  // a rule asks where the person came from, which costs some reading
  std::map<std::string, LocalAccount> local_accounts = {};  // as of then, too
  std::optional<gid_t> admin_gid = std::nullopt;            // of admin_group, where there is one
};

struct Loaded {
  std::shared_ptr<const InForce> rules;     // null: nothing to go by, deny
  std::vector<rules::Problem> problems;     // of the files
  std::optional<rules::Problem> unsaved;    // the last good copy could not be written
  std::optional<std::int64_t> stale_since;  // of files that are bad: Unix seconds, where known
};

// Reads, parses and resolves the files.  Good ones are saved under `state_dir` as the last good;
// bad ones give the saved set, if there is one whose checksum holds.  `enrolled_rp_id` is that of
// the security keys which this host made, empty when there are none: files that name another are
// bad, since none of these keys could prove anything then.  Blocks: disk, name service.
[[nodiscard]] Loaded load_rules(const rules::Layout& layout, const std::string& state_dir,
                                const std::string& enrolled_rp_id);

// The same rules with their users and groups looked up anew.  Blocks: name service.
[[nodiscard]] std::shared_ptr<const InForce> resolve_again(const InForce& rules);

}  // namespace stepup::daemon
