// SPDX-License-Identifier: ISC
// Parsers for the files of /proc/PID (proc(5)).  Pure, so that they can be fuzzed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"

namespace stepup::session {

struct ProcStat {
  pid_t parent = 0;
  pid_t leader = 0;         // POSIX session id
  dev_t tty = 0;            // controlling terminal, 0 = none
  std::uint64_t start = 0;  // clock ticks since boot
  bool operator==(const ProcStat&) const = default;
};

// Input is untrusted: a user chooses the command name, which may hold spaces, newlines and ')'.
// Reads from the last ')' on, which the kernel wrote (CVE-2017-1000367).
[[nodiscard]] Result<ProcStat> parse_stat(std::string_view text);

struct ProcStatus {
  uid_t real_uid = kNoUid;
  std::vector<gid_t> groups;         // supplementary, and the real gid
  bool nested_pid_namespace = true;  // NSpid lists more than one
  bool operator==(const ProcStatus&) const = default;
};

// /proc/PID/status: Uid, Gid, Groups, NSpid.  The Name line comes first and is escaped by the
// kernel, so no user can forge a line.
[[nodiscard]] Result<ProcStatus> parse_status(std::string_view text);

// Where systemd put a process, from its unified-hierarchy line of /proc/PID/cgroup.
struct CgroupPlace {
  std::string login_session;     // N of session-N.scope, empty = none
  std::optional<uid_t> manager;  // UID of user@UID.service
  std::optional<uid_t> owner{};  // UID of user-UID.slice, whatever is below it
  bool operator==(const CgroupPlace&) const = default;
};

// Input is untrusted: wherever systemd delegates, a user may create and name cgroups.  Only what
// logind and systemd themselves make is known: /user.slice/user-UID.slice, and in it
// session-N.scope and user@UID.service, with whatever is below them.
[[nodiscard]] CgroupPlace parse_cgroup(std::string_view text);

// /proc/PID/sessionid and loginuid: a decimal number; 4294967295 (unset) gives nullopt.
[[nodiscard]] Result<std::optional<std::uint32_t>> parse_audit_number(std::string_view text);

}  // namespace stepup::session
