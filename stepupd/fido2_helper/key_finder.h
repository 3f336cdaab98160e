// SPDX-License-Identifier: ISC
// Which security keys are plugged in.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace stepup::fido2_helper {

struct FoundKey {
  std::string path;
  dev_t device = 0;     // tells it from another that is given the same path later
  std::string model;    // what it calls itself; empty when it was given by path
  std::string used_by;  // another program that has it open; empty = free
};

// The keys that libfido2 finds, and the character devices among `paths`.
[[nodiscard]] std::vector<FoundKey> find_keys(const std::vector<std::string>& paths);

}  // namespace stepup::fido2_helper
