// SPDX-License-Identifier: ISC
// The users and groups that rules name, as the name service knows them.  Blocks.
#pragma once

#include <map>
#include <span>
#include <string>

#include "stepupd/base/accounts.h"
#include "stepupd/policy/rule.h"

namespace stepup::rules {

// Sets what the name service says of each user and group; found, absent and "it failed" are told
// apart.  A condition keeps what was found before when it is not found now: a name service that
// loses an entry for a while must not take the people out of a rule.
void resolve(std::span<policy::Rule> rules,
             const std::map<std::string, LocalAccount>& local_accounts);

}  // namespace stepup::rules
