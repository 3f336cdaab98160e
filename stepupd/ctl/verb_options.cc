// SPDX-License-Identifier: ISC
#include "stepupd/ctl/verb_options.h"

#include <time.h>

#include <chrono>

#include "stepupd/rules/duration.h"
#include "stepupd/wire/messages.h"

namespace stepup::ctl {

std::function<Failure(const std::string&)> from_one_to(std::size_t limit) {
  return [limit](const std::string& value) -> Failure {
    if (value.empty()) return "must not be empty";
    if (value.size() > limit) return "is longer than " + std::to_string(limit) + " bytes";
    return "";
  };
}

CLI::Option* add_user(CLI::App* verb, std::string& user) {
  return verb->add_option("--user", user, "of this user, instead of yourself; needs root")
      ->type_name("USER")
      ->check(from_one_to(wire::kMaxName));
}

void add_json(CLI::App* verb, CommandLine& line) {
  verb->add_flag("--json", line.json, "for programs");
}

std::optional<std::int64_t> since_of(const std::string& text) {
  const time_t now = time(nullptr);
  if (const auto ago = rules::parse_duration(text)) {
    return now - std::chrono::floor<std::chrono::seconds>(*ago).count();
  }
  struct tm day = {};
  const char* const end = strptime(text.c_str(), "%Y-%m-%d", &day);
  if (end == nullptr || *end != '\0') return std::nullopt;
  day.tm_isdst = -1;
  return mktime(&day);
}

void add_since(CLI::App* verb, std::int64_t& since, const char* what) {
  verb->add_option_function<std::string>(
          "--since", [&since](const std::string& text) { since = since_of(text).value_or(0); },
          what)
      ->type_name("TIME")
      ->check([](const std::string& text) -> Failure {
        return since_of(text) ? "" : "must be a duration, such as 7d, or a day, as 2026-11-24";
      });
}

}  // namespace stepup::ctl
