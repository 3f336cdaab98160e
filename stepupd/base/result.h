// SPDX-License-Identifier: ISC
// Errors as values.  Library code returns them; only daemon/audit.cc and the main files log them.
#pragma once

#include <expected>

namespace stepup {

// Why an operation failed.  Logged, never sent to a client.
enum class Errc {
  Malformed,    // the bytes break their format
  TooLarge,     // a bound was exceeded
  Unreachable,  // nobody answers at the other end
  Closed,       // the other end went away
  TimedOut,
  Untrusted,  // well formed, but from the wrong owner, peer or key
  NotFound,
  Busy,
  Storage,  // the database or the disk refused
  Internal,
};

struct Error {
  Errc code;
  int sys_errno = 0;      // 0 when no system call was involved
  const char* what = "";  // static string naming the failed step
};

// Either a value or the reason there is none.
template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> failure(Errc code, const char* what,
                                                    int sys_errno = 0) noexcept {
  return std::unexpected(Error{code, sys_errno, what});
}

}  // namespace stepup
