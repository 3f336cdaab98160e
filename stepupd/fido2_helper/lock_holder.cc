// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/lock_holder.h"

#include <sys/sysmacros.h>

#include <cstdint>
#include <sstream>
#include <string>

#include "stepupd/base/printable.h"
#include "stepupd/base/small_file.h"

namespace stepup::fido2_helper {
namespace {

constexpr std::size_t kMaxLocks = 1024 * 1024;
constexpr std::size_t kMaxComm = 64;

}  // namespace

std::optional<pid_t> flock_holder(std::string_view locks, dev_t device, ino_t inode) {
  while (!locks.empty()) {
    const std::size_t end = locks.find('\n');
    // "1: FLOCK  ADVISORY  WRITE 708 00:05:93 0 EOF"; waiters have "->" in front of FLOCK.
    std::istringstream line{std::string(locks.substr(0, end))};
    locks.remove_prefix(end == locks.npos ? locks.size() : end + 1);
    std::string number, kind, mode, access;
    pid_t pid = 0;
    unsigned major = 0, minor = 0;
    std::uint64_t file = 0;
    char colon[2] = {};
    line >> number >> kind >> mode >> access >> pid >> std::hex >> major >> colon[0] >> minor >>
        std::dec >> colon[1] >> file;
    if (line && kind == "FLOCK" && pid > 0 && colon[0] == ':' && colon[1] == ':' &&
        makedev(major, minor) == device && file == inode) {
      return pid;
    }
  }
  return {};
}

std::string holder_of(const struct stat& file) {
  const auto locks = read_small_file("/proc/locks", kMaxLocks);
  const auto pid = locks ? flock_holder(*locks, file.st_dev, file.st_ino) : std::nullopt;
  if (!pid) return kSomeProgram;
  const std::string number = std::to_string(*pid);
  const auto comm = read_small_file(("/proc/" + number + "/comm").c_str(), kMaxComm);
  if (!comm) return "process " + number;
  return printable(comm->substr(0, comm->find('\n')), kMaxComm) + " (pid " + number + ")";
}

}  // namespace stepup::fido2_helper
