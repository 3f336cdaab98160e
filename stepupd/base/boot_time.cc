// SPDX-License-Identifier: ISC
#include "stepupd/base/boot_time.h"

#include <time.h>

#include "stepupd/base/small_file.h"

namespace stepup {
namespace {

BootTime read_clock(clockid_t clock) noexcept {
  timespec now{};
  (void)clock_gettime(clock, &now);
  return std::chrono::duration_cast<BootTime>(std::chrono::seconds(now.tv_sec) +
                                              std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

BootTime boot_now() noexcept { return read_clock(CLOCK_BOOTTIME); }

BootTime suspended_since_boot() noexcept {
  return read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC);
}

Result<std::string> read_boot_id() {
  auto text = read_small_file("/proc/sys/kernel/random/boot_id", 64);
  if (!text) return std::unexpected(text.error());
  while (!text->empty() && text->back() == '\n') text->pop_back();
  if (text->size() != 36) return failure(Errc::Malformed, "boot_id");
  return text;
}

}  // namespace stepup
