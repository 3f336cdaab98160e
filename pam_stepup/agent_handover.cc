// SPDX-License-Identifier: ISC
#include "pam_stepup/agent_handover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "pam_stepup/caller_rights.h"
#include "pam_stepup/own_process.h"
#include "stepupd/base/c_handle.h"
#include "stepupd/base/small_file.h"

namespace stepup::pam_stepup {
namespace {

using wire::AgentOutcome;

constexpr std::size_t kMaxEnviron = 2 * 1024 * 1024;
constexpr std::size_t kMaxMountinfo = 4 * 1024 * 1024;
constexpr std::size_t kMaxCgroup = 64 * 1024;
constexpr int kMaxEntries = 4096;  // of a directory; beyond it nothing is looked for
constexpr std::size_t kMaxTried = 16;

// The fields up to `count` of a line, which spaces part.
std::string_view field(std::string_view line, int index) {
  for (; index > 0; --index) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return {};
    line.remove_prefix(space + 1);
  }
  return line.substr(0, line.find(' '));
}

bool may_hang(std::string_view type) {
  constexpr std::array<std::string_view, 6> kTypes = {"autofs", "cifs", "smb", "nfs", "fuse", "9p"};
  // nfs4, smb3, fuse.sshfs, fuseblk
  return std::ranges::any_of(kTypes, [&](std::string_view one) { return type.starts_with(one); });
}

bool leads_through(std::string_view path, std::string_view mount_point) {
  return mount_point == "/" ||
         (path.starts_with(mount_point) &&
          (path.size() == mount_point.size() || path[mount_point.size()] == '/'));
}

// Opens `path` for looking at (or, with O_DIRECTORY, for reading) without following any symbolic
// link: where one leads, answers_at_once() has not seen.
UniqueFd open_without_links(const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

// One search, with the rights of the caller.
class AgentSearch {
 public:
  AgentSearch(uid_t caller, std::string mountinfo)
      : caller_(caller), mountinfo_(std::move(mountinfo)) {}

  // Connects to the socket at `path`.
  [[nodiscard]] AgentConnection at(const std::string& path) {
    if (!answers_at_once(mountinfo_, path)) return {AgentOutcome::Unfit, {}};
    const UniqueFd node = open_without_links(path, O_PATH);
    if (!node) {
      const bool absent = errno == ENOENT || errno == ENOTDIR;
      return {absent ? AgentOutcome::Unreachable : AgentOutcome::Unfit, {}};
    }
    struct stat found{};
    if (fstat(node.get(), &found) != 0 || !S_ISSOCK(found.st_mode) || found.st_uid != caller_) {
      return {AgentOutcome::Unfit, {}};
    }
    // By the node that was looked at: another may stand at the path by now.
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string by_node = "/proc/self/fd/" + std::to_string(node.get());
    by_node.copy(address.sun_path, sizeof address.sun_path - 1);
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // SAFETY: connect(2) takes every address family through sockaddr.
    if (!fd ||
        connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return {AgentOutcome::Unreachable, {}};  // a full backlog (EAGAIN) as well: nothing waits
    }
    ucred listener{};
    socklen_t size = sizeof listener;
    if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0 ||
        listener.uid != caller_) {
      return {AgentOutcome::Unfit, {}};
    }
    listener_ = listener.pid;
    return {AgentOutcome::Connected, std::move(fd)};
  }

  // The newest agent of this login session: where sshd and ssh-agent put theirs.
  [[nodiscard]] std::optional<AgentConnection> newest(const std::string& home,
                                                      const std::string& own_cgroup) {
    if (!home.empty()) look_into(home + "/.ssh/agent", "s.");
    for (const std::string& directory : names_in("/tmp", "ssh-")) look_into(directory, "agent.");
    std::ranges::sort(found_, std::greater<>());
    if (found_.size() > kMaxTried) found_.resize(kMaxTried);
    for (const auto& [when, path] : found_) {
      AgentConnection agent = at(path);
      if (agent.outcome != AgentOutcome::Connected) continue;
      const std::string file = "/proc/" + std::to_string(listener_) + "/cgroup";
      const auto cgroup = read_small_file(file.c_str(), kMaxCgroup);
      if (cgroup && same_login_session(own_cgroup, *cgroup, caller_)) return agent;
    }
    return std::nullopt;
  }

 private:
  // Paths of what is in `directory` and has a name that begins with `prefix`.
  [[nodiscard]] std::vector<std::string> names_in(const std::string& directory,
                                                  std::string_view prefix) const {
    std::vector<std::string> names;
    if (!answers_at_once(mountinfo_, directory)) return names;
    UniqueFd fd = open_without_links(directory, O_RDONLY | O_DIRECTORY);
    if (!fd) return names;
    const CHandle<DIR, &closedir> open(fdopendir(fd.get()));
    if (!open) return names;
    (void)fd.release();  // closedir(3) closes it
    for (int i = 0; i < kMaxEntries; ++i) {
      // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone
      const dirent* entry = readdir(open.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name.starts_with(prefix)) names.push_back(directory + "/" + std::string(name));
    }
    return names;
  }

  void look_into(const std::string& directory, std::string_view prefix) {
    for (std::string& path : names_in(directory, prefix)) {
      struct stat node{};
      if (lstat(path.c_str(), &node) != 0 || !S_ISSOCK(node.st_mode)) continue;
      found_.emplace_back(std::pair(node.st_mtim.tv_sec, node.st_mtim.tv_nsec), std::move(path));
    }
  }

  uid_t caller_;
  std::string mountinfo_;
  pid_t listener_ = 0;
  std::vector<std::pair<std::pair<time_t, long>, std::string>> found_;
};

}  // namespace

std::string agent_path(std::string_view environ) {
  constexpr std::string_view kName = "SSH_AUTH_SOCK=";
  while (!environ.empty()) {
    const std::string_view entry = environ.substr(0, environ.find('\0'));
    // The first of the name counts, as for getenv(3).
    if (entry.starts_with(kName)) {
      const std::string_view path = entry.substr(kName.size());
      const bool fits = path.starts_with('/') && path.size() < sizeof(sockaddr_un::sun_path);
      return std::string(fits ? path : std::string_view());
    }
    environ.remove_prefix(std::min(environ.size(), entry.size() + 1));
  }
  return {};
}

bool answers_at_once(std::string_view mountinfo, std::string_view path) {
  if (!path.starts_with('/') || path.contains("/../") || path.contains("/./") ||
      path.contains("//")) {
    return false;  // not the form that mount points have
  }
  // The last mount at a point covers those before it.
  std::vector<std::pair<std::string_view, bool>> points;
  while (!mountinfo.empty()) {
    const std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(mountinfo.size(), line.size() + 1));
    const std::string_view point = field(line, 4);
    const std::size_t dash = line.find(" - ");
    if (point.empty() || dash == std::string_view::npos) return false;
    if (!leads_through(path, point)) continue;
    const bool hangs = may_hang(field(line.substr(dash + 3), 0));
    const auto known = std::ranges::find(points, point, &decltype(points)::value_type::first);
    if (known == points.end()) {
      points.emplace_back(point, hangs);
    } else {
      known->second = hangs;
    }
  }
  return !points.empty() && std::ranges::none_of(points, &decltype(points)::value_type::second);
}

bool same_login_session(std::string_view one, std::string_view other, uid_t uid) {
  // Only logind makes groups here; below user@UID.service anybody may, with any name.
  const std::string made_by_logind = ":/user.slice/user-" + std::to_string(uid) + ".slice/session-";
  return one == other && one.contains(made_by_logind);
}

Result<AgentConnection> connect_to_agent() {
  const auto environ = read_small_file("/proc/self/environ", kMaxEnviron);
  const std::string path = environ ? agent_path(*environ) : std::string();
  if (path.empty()) return AgentConnection{};
  const uid_t caller = getuid();
  const auto mountinfo = read_small_file("/proc/self/mountinfo", kMaxMountinfo);
  if (!mountinfo) return AgentConnection{AgentOutcome::Unfit, {}};
  const auto own_cgroup = read_small_file("/proc/self/cgroup", kMaxCgroup);
  const auto account = account_of(caller);
  const std::string home = account ? account->home : std::string();

  AgentConnection agent{AgentOutcome::Unfit, {}};
  CallerRights rights;
  if (rights.taken()) {
    AgentSearch search(caller, *mountinfo);
    agent = search.at(path);
    if (agent.outcome != AgentOutcome::Connected && own_cgroup) {
      if (auto found = search.newest(home, *own_cgroup)) agent = std::move(*found);
    }
  }
  if (!rights.give_back()) return failure(Errc::Internal, "the caller's ids are still in force");
  return agent;
}

}  // namespace stepup::pam_stepup
