// SPDX-License-Identifier: ISC
#include "stepupd/base/standard_descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace stepup {

Status fill_standard_descriptors() {
  for (;;) {
    const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return failure(Errc::Internal, "/dev/null", errno);
    if (fd > 2) {
      (void)close(fd);
      return {};
    }
  }
}

}  // namespace stepup
