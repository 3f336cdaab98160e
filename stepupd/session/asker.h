// SPDX-License-Identifier: ISC
// Who asks, where: the kernel's facts about a peer, read anew for each connection.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/coordinates.h"
#include "stepupd/base/result.h"
#include "stepupd/session/peer.h"
#include "stepupd/session/proc_text.h"

namespace stepup::session {

struct Asker {
  uid_t real_uid = kNoUid;
  std::vector<gid_t> groups;  // of the process: for a set-uid program, its caller's
  Coordinates where;          // subject is left unset: it depends on the service
  std::string login_session;  // logind's name for it, for people and the journal; may be empty
  std::optional<std::uint32_t> login_uid;  // for the journal; a process may have set it itself
  uid_t counts_for = kNoUid;        // with whose other connections it is bounded; kNoUid: with all
                                    // that stand for nobody in particular
  bool in_host_namespaces = false;  // same user namespace as ours, and not in a nested pid one
};

// /proc/self/uid_map, with which a peer's is compared.  It never changes: read it once.
[[nodiscard]] Result<std::string> read_own_uid_map();

// Reads the facts about `peer` over the connection `fd`.  Fails when the process or the connection
// ended meanwhile (another process might have its pid by now), or when /proc cannot be read: with
// sys_errno of the file that could not.
[[nodiscard]] Result<Asker> read_asker(const Peer& peer, int fd, const std::string& own_uid_map);

// For whom the connections of `peer` count: Asker::counts_for, and kNoUid where it cannot be read.
[[nodiscard]] uid_t counts_for(const Peer& peer, const std::string& own_uid_map);
// The same of what was read.  Pure.
[[nodiscard]] uid_t counts_for(uid_t uid, bool in_host_user_namespace, const CgroupPlace& place,
                               std::optional<std::uint32_t> login_uid);

// Reads the facts about process `pid`, which had `helper` started to serve it and lived when that
// said so over the connection `fd`.  Fails as read_asker does, and where the process is younger
// than its helper: then another one has its pid.
[[nodiscard]] Result<Asker> read_requester(pid_t pid, const Asker& helper, int fd,
                                           const std::string& own_uid_map);

// /proc/PID/stat.
[[nodiscard]] Result<ProcStat> read_stat(pid_t pid);

// The audit session of a process; nothing where it has none, or cannot be looked at.
[[nodiscard]] std::optional<std::uint32_t> audit_session_of(pid_t pid);

// Whether the process that had `pid` and began at `start` has surely ended.
[[nodiscard]] bool has_ended(pid_t pid, std::uint64_t start);

}  // namespace stepup::session
