// SPDX-License-Identifier: ISC
// What a step-up leaves behind, and where it holds.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/coordinates.h"
#include "stepupd/base/terms.h"

namespace stepup::policy {

struct Grant {
  Coordinates where;
  Scope scope = Scope::Process;  // under which it was obtained
  Level level = Level::None;
  FactorKind factor = FactorKind::Totp;
  std::int64_t credential_id = 0;
  BootTime auth_time{};
};

// How far `grant` could cover a process at `here` under a demand of `scope`.
[[nodiscard]] bool covers(const Grant& grant, const Coordinates& here, Scope scope) noexcept;

}  // namespace stepup::policy
