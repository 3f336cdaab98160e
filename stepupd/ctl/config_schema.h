// SPDX-License-Identifier: ISC
// What stepupd.conf and its drop-ins may hold, as a JSON schema for editors and for the tests of a
// fleet's repository.
#pragma once

#include <string>

namespace stepup::ctl {

// A document of JSON Schema 2020-12.  Its keys are those of rules/keys.h; what a schema cannot say,
// such as that no two rules share a name, "config check" tells.
[[nodiscard]] std::string config_schema();

}  // namespace stepup::ctl
