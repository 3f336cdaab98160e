// SPDX-License-Identifier: ISC
#include "stepupd/ctl/sudo_users.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "stepupd/ctl/run_program.h"

namespace stepup::ctl {
namespace {

constexpr std::size_t kMaxJournal = std::size_t{64} << 20;
constexpr std::size_t kMaxNames = 10'000;
constexpr std::size_t kMaxName = 256;

// "  alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id"
void add_name(std::string_view message, std::set<std::string>& names) {
  message.remove_prefix(std::min(message.find_first_not_of(' '), message.size()));
  const std::size_t colon = message.find(" : ");
  if (colon == std::string_view::npos || colon == 0 || colon > kMaxName) return;
  const std::string_view name = message.substr(0, colon);
  const std::string_view rest = message.substr(colon);
  if (rest.find("COMMAND=") == std::string_view::npos ||
      rest.find("NOT in sudoers") != std::string_view::npos) {
    return;
  }
  const bool plain = std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f; });
  if (plain && name != "root" && names.size() < kMaxNames) names.emplace(name);
}

template <typename Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    use(text.substr(0, newline));
    text.remove_prefix(std::min(newline + 1, text.size()));
  }
}

}  // namespace

std::set<std::string> sudo_users_in_journal(std::string_view lines) {
  std::set<std::string> names;
  for_each_line(lines, [&](std::string_view line) {
    const auto record = nlohmann::json::parse(line, nullptr, false);
    if (!record.is_object()) return;
    const auto message = record.find("MESSAGE");  // an array of bytes if it is no text
    if (message == record.end() || !message->is_string()) return;
    add_name(message->get_ref<const std::string&>(), names);
  });
  return names;
}

std::set<std::string> sudo_users_in_log(std::string_view lines) {
  std::set<std::string> names;
  for_each_line(lines, [&](std::string_view line) {
    const std::size_t tag = line.find(" sudo");
    if (tag == std::string_view::npos) return;
    const std::size_t colon = line.find(": ", tag);
    if (colon == std::string_view::npos) return;
    const std::string_view behind = line.substr(tag + 5, colon - tag - 5);  // "" or "[123]"
    if (behind.empty() || behind.starts_with('[')) add_name(line.substr(colon + 2), names);
  });
  return names;
}

SudoUsers recent_sudo_users(const HostFiles& host) {
  SudoUsers users;
  if (host.is_running_host()) {
    const auto journal =
        output_of({"/usr/bin/journalctl", "_COMM=sudo", "_COMM=sudo.ws", "--since=-30d",
                   "--output=json", "--output-fields=MESSAGE", "--quiet", "--no-pager"},
                  kMaxJournal);
    // Anybody can swell it: then it tells of nobody, and auth.log may tell of less.
    if (!journal && journal.error().code == Errc::TooLarge) return users;
    if (journal) {
      users.known = true;
      users.names = sudo_users_in_journal(*journal);
    }
  }
  for (const char* path : {"/var/log/auth.log", "/var/log/auth.log.1"}) {
    const auto log = host.read(host.path(path));
    if (!log && log.error().code == Errc::TooLarge && !users.known) return users;
    if (!log) continue;
    users.known = true;
    users.names.merge(sudo_users_in_log(*log));
  }
  return users;
}

}  // namespace stepup::ctl
