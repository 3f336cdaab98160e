// SPDX-License-Identifier: ISC
// One [[rule]].
#pragma once

#include "stepupd/policy/rule.h"
#include "stepupd/rules/document.h"
#include "stepupd/rules/node_reader.h"
#include "stepupd/rules/zone_files.h"

namespace stepup::rules {

// Reads a [[rule]] and tells `reader` what is wrong with it, also that it could never match.
[[nodiscard]] policy::Rule read_rule(NodeReader& reader, const Node& table, ZoneFiles& zones);

}  // namespace stepup::rules
