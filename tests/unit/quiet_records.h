// SPDX-License-Identifier: ISC
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "stepupd/base/unique_fd.h"

// While it lives, standard error goes nowhere: there the daemon's records end up on a host without
// a journal.
class QuietRecords {
 public:
  QuietRecords() : own_(dup(STDERR_FILENO)) {
    const stepup::UniqueFd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
    (void)dup2(nowhere.get(), STDERR_FILENO);
  }
  ~QuietRecords() { (void)dup2(own_.get(), STDERR_FILENO); }
  QuietRecords(const QuietRecords&) = delete;
  QuietRecords& operator=(const QuietRecords&) = delete;

 private:
  stepup::UniqueFd own_;
};
