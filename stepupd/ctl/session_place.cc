// SPDX-License-Identifier: ISC
#include "stepupd/ctl/session_place.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "stepupd/base/small_file.h"
#include "stepupd/session/session_key.h"

namespace stepup::ctl {
namespace {

constexpr std::size_t kMaxProcFile = 1024 * 1024;

// Several logins may share the key.
bool is_wide(const SessionKey& key) {
  return key.kind == SessionKey::Kind::Manager || key.kind == SessionKey::Kind::None;
}

Result<std::string> read_proc(const std::string& pid, const char* name) {
  return read_small_file(("/proc/" + pid + "/" + name).c_str(), kMaxProcFile);
}

}  // namespace

Result<SessionPlace> own_place() {
  session::SessionFacts facts;
  const auto cgroup = read_proc("self", "cgroup");
  if (!cgroup) return std::unexpected(cgroup.error());
  facts.cgroup = session::parse_cgroup(*cgroup);
  if (const auto audit = read_proc("self", "sessionid")) {
    const auto number = session::parse_audit_number(*audit);
    if (!number) return std::unexpected(number.error());
    facts.audit_session = *number;
  }
  facts.logind_runs = access("/run/systemd/seats/", F_OK) == 0;
  SessionPlace place{session::session_key(facts).key, {}};
  std::string pid = "self";
  while (pid != "0") {
    const auto text = read_proc(pid, "stat");
    const auto stat = text ? session::parse_stat(*text) : std::unexpected(text.error());
    if (!stat && place.leaders.empty()) return std::unexpected(stat.error());
    if (!stat) break;  // an ancestor that ended meanwhile
    if (std::ranges::find(place.leaders, stat->leader) == place.leaders.end()) {
      place.leaders.push_back(stat->leader);
    }
    pid = std::to_string(stat->parent);
  }
  // That of PID 1 is everybody's.
  if (place.leaders.size() > 1) std::erase(place.leaders, 1);
  return place;
}

bool are_apart(const SessionPlace& a, const SessionPlace& b) {
  if (a.session != b.session) return true;
  return is_wide(a.session) && std::ranges::find_first_of(a.leaders, b.leaders) == a.leaders.end();
}

bool holds_at(const wire::SessionRow& grant, const SessionPlace& here) {
  if (grant.session != here.session) return false;
  return !is_wide(here.session) ||
         std::ranges::find(here.leaders, static_cast<pid_t>(grant.leader)) != here.leaders.end();
}

std::string to_line(const SessionPlace& place) {
  std::string line = std::to_string(static_cast<unsigned>(place.session.kind)) + " " +
                     std::to_string(place.session.id);
  for (const pid_t leader : place.leaders) line += " " + std::to_string(leader);
  return line;
}

std::optional<SessionPlace> place_of_line(std::string_view line) {
  std::istringstream in{std::string(line)};
  unsigned kind = 0;
  SessionPlace place;
  if (!(in >> kind >> place.session.id) ||
      kind > static_cast<unsigned>(SessionKey::Kind::Manager)) {
    return std::nullopt;
  }
  place.session.kind = static_cast<SessionKey::Kind>(kind);
  for (pid_t leader = 0; in >> leader;) place.leaders.push_back(leader);
  return in.eof() ? std::optional(place) : std::nullopt;
}

}  // namespace stepup::ctl
