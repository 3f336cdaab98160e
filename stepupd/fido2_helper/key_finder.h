// SPDX-License-Identifier: ISC
// Which security keys are plugged in.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

namespace stepup::fido2_helper {

// Tells one plugging-in from the next at the same path; also changes when udev gives the node to
// somebody else.
struct NodeId {
  dev_t device = 0;
  ino_t inode = 0;
  timespec changed{};

  bool operator==(const NodeId& other) const noexcept {
    return device == other.device && inode == other.inode &&
           changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
  }
};

struct FoundKey {
  std::string path;
  std::string model;  // what it calls itself; untrusted; empty when it was not asked
  NodeId node;
};

// The keys that udev knows, and those of `devices` that are there.  Each node once.
[[nodiscard]] std::vector<FoundKey> find_keys(const std::vector<std::string>& devices);

}  // namespace stepup::fido2_helper
