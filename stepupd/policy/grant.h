// SPDX-License-Identifier: ISC
// What a step-up leaves behind, and where it holds.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

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
  // The last request that was granted within its reach: in the login session, and on its terminal
  // alone.  Zero = none since it was obtained.
  BootTime used_in_session{};
  BootTime used_on_tty{};
};

// How far `grant` reaches a process at `here` under a demand of `scope`; nullopt = not at all.
[[nodiscard]] std::optional<Scope> reach_of(const Grant& grant, const Coordinates& here,
                                            Scope scope) noexcept;

}  // namespace stepup::policy
