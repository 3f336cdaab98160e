// SPDX-License-Identifier: ISC
// What an edit changes, as diff -u shows it.
#pragma once

#include <string>
#include <string_view>

namespace stepup::ctl {

// The difference as hunks with three lines of context, under the two names; empty when the texts
// are equal.  The lines are printable, and otherwise exact; patch(1) takes it for texts in ASCII.
[[nodiscard]] std::string unified_diff(std::string_view before_name, std::string_view before,
                                       std::string_view after_name, std::string_view after);

}  // namespace stepup::ctl
