// SPDX-License-Identifier: ISC
#include "stepupd/base/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "stepupd/base/unique_fd.h"

namespace stepup {

Result<std::string> read_all(int fd, std::size_t limit) {
  std::string text;
  char block[4096];
  for (;;) {
    const ssize_t n = read(fd, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(errno == ESRCH ? Errc::NotFound : Errc::Internal, "read", errno);
    if (n == 0) return text;
    if (static_cast<std::size_t>(n) > limit - text.size()) {
      return failure(Errc::TooLarge, "file longer than its limit");
    }
    text.append(block, static_cast<std::size_t>(n));
  }
}

Result<std::string> read_small_file(const char* path, std::size_t limit) {
  const UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const bool absent = errno == ENOENT || errno == ESRCH;
    return failure(absent ? Errc::NotFound : Errc::Internal, "open", errno);
  }
  return read_all(fd.get(), limit);
}

}  // namespace stepup
