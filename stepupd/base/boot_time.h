// SPDX-License-Identifier: ISC
// The only clock that may age a grant.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "stepupd/base/result.h"

namespace stepup {

// Time since boot including suspend (CLOCK_BOOTTIME).  A grant measured on the wall clock could be
// revived by setting the date back.
using BootTime = std::chrono::duration<std::int64_t, std::milli>;

// Now.  The clock cannot fail on Linux (clock_gettime(2) with a constant id).
[[nodiscard]] BootTime boot_now() noexcept;

// Time the host has spent suspended since boot: BOOTTIME - MONOTONIC.
[[nodiscard]] BootTime suspended_since_boot() noexcept;

// The kernel's random id of this boot, as text (random(4), /proc/sys/kernel/random/boot_id).
[[nodiscard]] Result<std::string> read_boot_id();

}  // namespace stepup
