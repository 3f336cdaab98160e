// SPDX-License-Identifier: ISC
// Who is at the other end of a connection, from the kernel.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::session {

// A process pinned by a pidfd, as it was when it connected.  There is no default that could pass
// for root: uid starts as nobody's (CVE-2021-3560).
struct Peer {
  pid_t pid = 0;
  uid_t uid = kNoUid;  // effective uid at connect (SO_PEERCRED)
  UniqueFd pidfd;
  std::optional<std::uint64_t> start;  // known where the pidfd was had by the pid alone
};

// Identifies the peer of the connected socket `fd`.  SO_PEERPIDFD (Linux 6.5) pins the very process
// that connected; before it, pidfd_open(2) pins whoever has its pid now, which is why the caller
// must also see the same start time, and the connection still open, afterwards (read_asker does).
[[nodiscard]] Result<Peer> identify_peer(int fd);

// Pins whoever has `pid` now; uid is left unset.
[[nodiscard]] Result<Peer> pin_process(pid_t pid);

// The groups of the peer, when it connected (SO_PEERGROUPS, and its primary one).
[[nodiscard]] Result<std::vector<gid_t>> read_peer_groups(int fd);

// Whether the peer's process still runs.
[[nodiscard]] bool still_runs(const Peer& peer);

}  // namespace stepup::session
