// SPDX-License-Identifier: ISC
#include "stepupd/wire/module_options.h"

#include <sys/un.h>

#include <charconv>
#include <string_view>

namespace stepup::wire {
namespace {

constexpr int kLongestTimeout = 60;

bool set_socket(std::string_view value, ModuleOptions& options) {
  if (!value.starts_with('/') || value.size() >= sizeof(sockaddr_un::sun_path)) return false;
  options.socket = value;
  return true;
}

bool set_timeout(std::string_view value, ModuleOptions& options) {
  int seconds = 0;
  const auto [stopped, error] = std::from_chars(value.begin(), value.end(), seconds);
  if (error != std::errc() || stopped != value.end()) return false;
  if (seconds < 1 || seconds > kLongestTimeout) return false;
  options.first_reply = std::chrono::seconds(seconds);
  return true;
}

bool set_language(std::string_view value, ModuleOptions& options) {
  for (const Language language : {Language::English, Language::German, Language::French}) {
    if (value != to_string(language)) continue;
    options.language = language;
    return true;
  }
  return false;
}

}  // namespace

std::expected<ModuleOptions, std::string> parse_module_options(std::span<const char* const> words) {
  constexpr std::string_view kSocket = "socket=";
  constexpr std::string_view kTimeout = "timeout=";
  constexpr std::string_view kLanguage = "language=";
  ModuleOptions options;
  bool socket_seen = false;
  bool timeout_seen = false;
  bool language_seen = false;
  for (const std::string_view word : words) {
    bool good = false;
    if (word.starts_with(kSocket) && !socket_seen) {
      good = socket_seen = set_socket(word.substr(kSocket.size()), options);
    } else if (word.starts_with(kTimeout) && !timeout_seen) {
      good = timeout_seen = set_timeout(word.substr(kTimeout.size()), options);
    } else if (word.starts_with(kLanguage) && !language_seen) {
      good = language_seen = set_language(word.substr(kLanguage.size()), options);
    }
    if (!good) return std::unexpected(std::string(word));
  }
  return options;
}

}  // namespace stepup::wire
