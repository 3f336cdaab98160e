// SPDX-License-Identifier: ISC
// What is legal in a set of rules and probably not meant.
#pragma once

#include <string>
#include <vector>

#include "stepupd/rules/rules.h"

namespace stepup::rules {

// A sentence for each, which begins with the place.  Pure.
[[nodiscard]] std::vector<std::string> advice(const RuleSet& set);

}  // namespace stepup::rules
