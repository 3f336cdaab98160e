// SPDX-License-Identifier: ISC
#include "stepupd/rules/login_method.h"

#include <algorithm>

namespace stepup::rules {

std::expected<std::string, std::string> parse_login_method(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  if (std::ranges::all_of(text, [&](char c) { return kLetters.contains(c); })) {
    return std::string(text);
  }
  return std::unexpected(R"(is no method of RFC 8176 such as "pwd" or "hwk")");
}

std::string remark_on_login_method(std::string_view method) {
  if (std::ranges::find(kReportedLoginMethods, method) != kReportedLoginMethods.end()) return {};
  std::string known;
  for (const std::string_view reported : kReportedLoginMethods) {
    known.append(known.empty() ? "" : ", ").append(reported);
  }
  return "\"" + std::string(method) + "\" is reported of no login: the methods are " + known;
}

}  // namespace stepup::rules
