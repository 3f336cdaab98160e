// SPDX-License-Identifier: ISC
// One authentication against PAM files that are not in place yet, by the real libpam.
#pragma once

#include <string>
#include <vector>

#include "stepupd/ctl/host_files.h"
#include "stepupd/ctl/pam_change.h"
#include "stepupd/ctl/pam_edit.h"

namespace stepup::ctl {

// Who authenticates, and how.
struct Rehearser {
  std::string user;
  bool enrolled = false;  // else stepupd's refusal is what has to come
  bool present = false;   // sits at this terminal, and answers
};

// Runs, for each file of `changes`, the phases in which `service` is to ask, in a child and on a
// copy of all PAM files with `changes` made.  The first file is rehearsed with the person, who must
// succeed, if present; else it is enough that the stack comes as far as a question.  Returns what
// went wrong, in words; empty when nothing did.  Requires root, and block_ending_signals().
[[nodiscard]] std::string rehearse(const HostFiles& host, const Service& service,
                                   const std::vector<PamChange>& changes,
                                   const Rehearser& rehearser);

}  // namespace stepup::ctl
