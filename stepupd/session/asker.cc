// SPDX-License-Identifier: ISC
#include "stepupd/session/asker.h"

#include <poll.h>
#include <stdlib.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include <cstring>
#include <limits>
#include <memory>

#include "stepupd/base/small_file.h"
#include "stepupd/session/session_key.h"

namespace stepup::session {
namespace {

// Far above what the kernel writes; /proc/PID/status grows with the number of groups (65,536 of
// up to ten digits at the most).
constexpr std::size_t kMaxProcFile = 1024 * 1024;

Result<std::string> read_proc(pid_t pid, const char* name) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  return read_small_file(path.c_str(), kMaxProcFile);
}

// An audit number; unset when the kernel has no audit (then the file does not exist).
Result<std::optional<std::uint32_t>> read_audit_number(pid_t pid, const char* name) {
  const auto text = read_proc(pid, name);
  if (!text && text.error().code == Errc::NotFound) return std::optional<std::uint32_t>();
  if (!text) return std::unexpected(text.error());
  return parse_audit_number(*text);
}

LoginSessionState login_session_state(const std::string& session) {
  char* raw = nullptr;
  const int r = sd_session_get_state(session.c_str(), &raw);
  const std::unique_ptr<char, decltype(&free)> state(raw, &free);
  if (r == -ENXIO) return LoginSessionState::Gone;
  if (r < 0) return LoginSessionState::Unknown;
  return strcmp(raw, "closing") == 0 ? LoginSessionState::Closing : LoginSessionState::Open;
}

bool connection_is_open(int fd) {
  pollfd poller{fd, 0, 0};
  return poll(&poller, 1, 0) == 0;  // POLLHUP and POLLERR are always reported
}

}  // namespace

Result<std::string> read_own_uid_map() {
  return read_small_file("/proc/self/uid_map", kMaxProcFile);
}

Result<ProcStat> read_stat(pid_t pid) {
  const auto text = read_proc(pid, "stat");
  if (!text) return std::unexpected(text.error());
  return parse_stat(*text);
}

bool has_ended(pid_t pid, std::uint64_t start) {
  const auto stat = read_stat(pid);
  return stat ? stat->start != start : stat.error().code == Errc::NotFound;
}

uid_t counts_for(uid_t uid, bool in_host_user_namespace, const CgroupPlace& place,
                 std::optional<std::uint32_t> login_uid) {
  // SECURITY: who owns a range of subordinate uids (subuid(5)) can be any of them: in a user
  // namespace, and outside of it by a set-uid program that was made in there.  No process leaves
  // the slice that logind put it in, nor takes its loginuid back; root's stand for nobody else.
  if (in_host_user_namespace && uid == 0) return 0;
  const uid_t owner = place.owner.value_or(0);
  if (owner != 0) return owner;
  return in_host_user_namespace && login_uid.value_or(uid) == uid ? uid : kNoUid;
}

Result<Asker> read_asker(const Peer& peer, int fd, const std::string& own_uid_map) {
  const auto stat = read_stat(peer.pid);
  if (!stat) return std::unexpected(stat.error());
  const auto status_text = read_proc(peer.pid, "status");
  if (!status_text) return std::unexpected(status_text.error());
  const auto status = parse_status(*status_text);
  if (!status) return std::unexpected(status.error());
  const auto cgroup = read_proc(peer.pid, "cgroup");
  if (!cgroup) return std::unexpected(cgroup.error());
  const auto audit_session = read_audit_number(peer.pid, "sessionid");
  if (!audit_session) return std::unexpected(audit_session.error());
  const auto login_uid = read_audit_number(peer.pid, "loginuid");
  if (!login_uid) return std::unexpected(login_uid.error());
  const auto uid_map = read_proc(peer.pid, "uid_map");
  if (!uid_map) return std::unexpected(uid_map.error());

  SessionFacts facts;
  facts.cgroup = parse_cgroup(*cgroup);
  facts.audit_session = *audit_session;
  facts.logind_runs = access("/run/systemd/seats/", F_OK) == 0;  // as sd-login(3) advises
  if (!facts.cgroup.login_session.empty()) {
    facts.state = login_session_state(facts.cgroup.login_session);
  }
  const KeyAndReach session = session_key(facts);

  Asker asker;
  asker.real_uid = status->real_uid;
  asker.groups = status->groups;
  asker.login_session = facts.cgroup.login_session;
  asker.login_uid = *login_uid;
  // uid_map is told relative to our own namespace, so a peer in it shows the map that we see.
  const bool in_host_user_namespace = *uid_map == own_uid_map;
  asker.in_host_namespaces = in_host_user_namespace && !status->nested_pid_namespace;
  asker.counts_for = counts_for(status->real_uid, in_host_user_namespace, facts.cgroup, *login_uid);
  asker.where.session = session.key;
  asker.where.widest = session.widest;
  asker.where.process = peer.pid;
  asker.where.process_start = stat->start;
  // The terminal of a dead leader proves nothing: its number may be somebody else's by now.
  const auto leader = read_stat(stat->leader);
  if (leader && stat->tty != 0) {
    asker.where.tty = stat->tty;
    asker.where.leader = stat->leader;
    asker.where.leader_start = leader->start;
  }
  const bool same_start = !peer.start || stat->start == *peer.start;
  if (!same_start || !still_runs(peer) || !connection_is_open(fd)) {
    return failure(Errc::Closed, "peer ended while it was looked at");
  }
  return asker;
}

uid_t counts_for(const Peer& peer, const std::string& own_uid_map) {
  const auto status = parse_status(read_proc(peer.pid, "status").value_or(""));
  const auto cgroup = read_proc(peer.pid, "cgroup");
  const auto login_uid = read_audit_number(peer.pid, "loginuid");
  const auto uid_map = read_proc(peer.pid, "uid_map");
  // Looked at last: until here nobody else can have had its pid.
  if (!status || !cgroup || !login_uid || !uid_map || !still_runs(peer)) return kNoUid;
  return counts_for(status->real_uid, *uid_map == own_uid_map, parse_cgroup(*cgroup), *login_uid);
}

Result<Asker> read_requester(pid_t pid, const Asker& helper, int fd,
                             const std::string& own_uid_map) {
  const auto requester = pin_process(pid);
  if (!requester) return std::unexpected(requester.error());
  // SECURITY: it lived when its helper ran already, so whoever got its pid since began later still.
  constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
  if (requester->start.value_or(kNever) > helper.where.process_start) {
    return failure(Errc::Closed, "requester ended");
  }
  return read_asker(*requester, fd, own_uid_map);
}

std::optional<std::uint32_t> audit_session_of(pid_t pid) {
  return read_audit_number(pid, "sessionid").value_or(std::nullopt);
}

}  // namespace stepup::session
