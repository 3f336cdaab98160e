// SPDX-License-Identifier: ISC
// What every conf file must be before it is read as TOML: UTF-8 text of bounded nesting.
#pragma once

#include <optional>

#include "stepupd/rules/rules.h"

namespace stepup::rules {

// Lists in lists, tables in tables, and the parts of one dotted key.  A conf file needs three.
inline constexpr unsigned kMaxNesting = 32;

// Input is untrusted: `file.text` may be anything.  Returns the first byte order mark, NUL byte,
// byte that is not UTF-8 or place nested too deeply; nothing when there is none.
[[nodiscard]] std::optional<Problem> find_bad_text(const SourceFile& file);

}  // namespace stepup::rules
