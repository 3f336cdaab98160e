// SPDX-License-Identifier: ISC
#include "stepupd/ctl/output.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

namespace stepup::ctl {

Status write_all(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(Errc::Internal, "write", errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

void complain(std::string_view text) noexcept {
  (void)write_all(STDERR_FILENO, "stepupctl: ");
  (void)write_all(STDERR_FILENO, text);
  (void)write_all(STDERR_FILENO, "\n");
}

bool nobody_reads_output() noexcept {
  pollfd watched{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&watched, 1, 0) > 0 && (watched.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace stepup::ctl
