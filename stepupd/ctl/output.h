// SPDX-License-Identifier: ISC
// Text on a descriptor, past stdio: its buffers would keep a copy of every secret shown.
#pragma once

#include <string_view>

#include "stepupd/base/result.h"

namespace stepup::ctl {

// Writes all of `text`.  Fails with Internal and the errno of write(2).
[[nodiscard]] Status write_all(int fd, std::string_view text) noexcept;

// "stepupctl: TEXT" on standard error.  A standard error that cannot be written is nobody's to
// tell, so there is no failure.  Requires printable text.
void complain(std::string_view text) noexcept;

// Whether standard output is a pipe or socket whose other end is gone.
[[nodiscard]] bool nobody_reads_output() noexcept;

}  // namespace stepup::ctl
