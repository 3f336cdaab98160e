// SPDX-License-Identifier: ISC
// Wakes a thread that waits in poll(2).
#pragma once

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <chrono>
#include <system_error>

#include "stepupd/base/unique_fd.h"

namespace stepup::fido2_helper {

class Bell {
 public:
  // Fails only for want of descriptors or memory, and then throws.
  Bell() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  // Readable from ring() until hush().  From any thread.
  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  void ring() const noexcept { (void)eventfd_write(event_.get(), 1); }
  void hush() const noexcept {
    eventfd_t rung = 0;
    (void)eventfd_read(event_.get(), &rung);
  }

  // Waits for it, at most so long; true when it has rung.
  [[nodiscard]] bool rung_within(std::chrono::milliseconds time) const noexcept {
    pollfd watched{.fd = event_.get(), .events = POLLIN, .revents = 0};
    return poll(&watched, 1, static_cast<int>(time.count())) > 0;
  }

 private:
  UniqueFd event_;
};

}  // namespace stepup::fido2_helper
