// SPDX-License-Identifier: ISC
#include "pam_stepup/own_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>

#include "stepupd/base/small_file.h"
#include "stepupd/base/unique_fd.h"

namespace stepup::pam_stepup {
namespace {

// Runs getpwnam_r(3) or getpwuid_r(3) with a buffer as large as it needs, up to 1 MiB.  Empty when
// there is no such account, or the user database does not answer.
template <typename Lookup>
std::optional<Account> find_account(Lookup lookup) {
  constexpr std::size_t kFirst = 1024;
  constexpr std::size_t kLargest = 1024 * kFirst;
  for (std::size_t size = kFirst; size <= kLargest; size *= 4) {
    std::string buffer(size, '\0');
    passwd entry{};
    passwd* found = nullptr;
    int error = 0;
    do {
      error = lookup(&entry, buffer.data(), buffer.size(), &found);
    } while (error == EINTR);
    if (error == ERANGE) continue;
    if (error != 0 || found == nullptr) return std::nullopt;
    return Account{found->pw_name, found->pw_uid, found->pw_gid, found->pw_dir};
  }
  return std::nullopt;
}

// At most one byte more than the protocol carries, which tells that there was more.
CommandLine read_command_line() {
  const UniqueFd fd(open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC | O_NOCTTY));
  std::string bytes(wire::kMaxArgvBytes + 1, '\0');
  std::size_t used = 0;
  while (fd && used < bytes.size()) {
    const ssize_t n = read(fd.get(), bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {.argv = {}, .truncated = true};
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  return split_command_line(std::string_view(bytes).substr(0, used));
}

// Whether system calls are filtered: a filter may kill the program for one that it does not know.
bool is_filtered() {
  constexpr std::size_t kMaxStatus = 1024 * 1024;  // it grows with the number of groups
  const auto status = read_small_file("/proc/self/status", kMaxStatus);
  return !status || !status->contains("\nSeccomp:\t0\n");
}

// Asks the kernel whether something disciplines its clock; modes = 0 changes nothing.  The filter
// of polkit's agent helper, as the service that it is since polkit 127, does not know that call.
wire::ClockState read_clock_state() {
  if (is_filtered()) return wire::ClockState::Unknown;
  timex clock{};
  const int state = adjtimex(&clock);
  if (state < 0) return wire::ClockState::Unknown;
  const bool off = state == TIME_ERROR || (clock.status & STA_UNSYNC) != 0;
  return off ? wire::ClockState::Unsynchronised : wire::ClockState::Synchronised;
}

// The last part of a path.
std::string_view file_name(std::string_view exe) {
  // The kernel's mark of a file that was replaced since, as an upgrade does.
  constexpr std::string_view kDeleted = " (deleted)";
  if (exe.ends_with(kDeleted)) exe.remove_suffix(kDeleted.size());
  exe.remove_prefix(exe.rfind('/') + 1);  // npos + 1 = 0: no slash, nothing to remove
  return exe;
}

}  // namespace

std::optional<Account> account_named(const std::string& name) {
  return find_account([&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
    return getpwnam_r(name.c_str(), entry, buffer, size, found);
  });
}

std::optional<Account> account_of(uid_t uid) {
  return find_account([&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
    return getpwuid_r(uid, entry, buffer, size, found);
  });
}

std::optional<std::vector<std::uint32_t>> groups_of(const Account& account) {
  std::vector<gid_t> groups(wire::kMaxGroups);
  int count = static_cast<int>(groups.size());
  if (getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) < 0) {
    return std::nullopt;
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

CommandLine split_command_line(std::string_view bytes) {
  CommandLine line;
  line.truncated = bytes.empty() || bytes.size() > wire::kMaxArgvBytes;
  bytes = bytes.substr(0, wire::kMaxArgvBytes);
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\0');
    if (end == std::string_view::npos || line.argv.size() == wire::kMaxArgvWords) {
      line.truncated = true;
      break;
    }
    line.argv.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  return line;
}

wire::Program program_of(std::string_view exe) {
  exe = file_name(exe);
  struct Row {
    std::string_view name;
    wire::Program program;
  };
  // Debian installs the programs of sudo-rs as /usr/lib/cargo/bin/sudo and su, and Ubuntu calls the
  // other sudo sudo.ws beside them.  They read what stepupd reads of a command line alike.
  constexpr Row kRows[] = {
      {"sudo",    wire::Program::Sudo},
      {"sudo.ws", wire::Program::Sudo},
      {"sudo-rs", wire::Program::Sudo},
      {"su",      wire::Program::Su  },
      {"su-rs",   wire::Program::Su  },
      {"doas",    wire::Program::Doas},
  };
  const auto* row = std::ranges::find(kRows, exe, &Row::name);
  return row == std::end(kRows) ? wire::Program::Other : row->program;
}

bool is_sshd(std::string_view exe) {
  const std::string_view name = file_name(exe);
  return name == "sshd" || name == "sshd-session";  // the latter since OpenSSH 9.8
}

Result<std::string> read_exe() {
  char exe[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", exe, sizeof exe);
  if (size <= 0) return failure(Errc::Internal, "/proc/self/exe", errno);
  return std::string(exe, static_cast<std::size_t>(size));
}

Result<wire::Program> read_program() {
  const auto exe = read_exe();
  if (!exe) return std::unexpected(exe.error());
  return program_of(*exe);
}

Result<wire::CheckRequest> describe_own_process() {
  const auto program = read_program();
  if (!program) return std::unexpected(program.error());
  wire::CheckRequest request;
  request.program = *program;
  if (const auto caller = account_of(getuid())) request.caller = caller->name;
  CommandLine line = read_command_line();
  request.argv = std::move(line.argv);
  request.argv_truncated = line.truncated;
  request.clock = read_clock_state();
  return request;
}

}  // namespace stepup::pam_stepup
