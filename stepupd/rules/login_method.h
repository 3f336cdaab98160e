// SPDX-License-Identifier: ISC
// How somebody logged in, in the words of RFC 8176, section 2.
#pragma once

#include <array>
#include <expected>
#include <string>
#include <string_view>

namespace stepup::rules {

// All that stepupd reports of a login (amr_of()).
inline constexpr std::array<std::string_view, 6> kReportedLoginMethods = {"hwk", "mfa", "otp",
                                                                          "pop", "pwd", "user"};

// `text`, or what is wrong with it.  Other words than the above pass, as those of a later
// version do.
[[nodiscard]] std::expected<std::string, std::string> parse_login_method(std::string_view text);

// A sentence for a word that is reported of no login; empty for the above.
[[nodiscard]] std::string remark_on_login_method(std::string_view method);

}  // namespace stepup::rules
