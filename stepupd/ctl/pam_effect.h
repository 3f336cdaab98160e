// SPDX-License-Identifier: ISC
// Whether a line of pam_stepup in a stack can refuse anybody.  Pure, but for the reader.
#pragma once

#include <cstdint>
#include <string>

#include "stepupd/ctl/pam_stack.h"

namespace stepup::ctl {

enum class LineState : std::uint8_t {
  Missing,
  InEffect,
  CanBeSkipped,  // a line before it can end the stack, or jump over it
  WeakControl,   // its own control value lets a refusal pass
};

struct Effect {
  LineState state = LineState::Missing;
  // Of CanBeSkipped: the line that does it.  Of WeakControl: ours.  "common-auth:17: auth
  // sufficient pam_x.so", not printable.
  std::string cause;
  bool passes_without_daemon = false;  // authinfo_unavail=ignore: documented, and worth a word
};

// What our line does in `phase` of `service`; of several, the best one counts.  Includes are
// followed; one that cannot be read counts as empty, since libpam then refuses everybody.
[[nodiscard]] Effect effect_of(const std::string& service, PamPhase phase, const PamReader& reader);

// Whether nothing but our line could make `phase` of `service` succeed: then a code alone would
// replace the password, or the account checks.  False when the line is missing.
[[nodiscard]] bool stands_alone(const std::string& service, PamPhase phase,
                                const PamReader& reader);

// Whether `phase` of `service`, or of a file that it includes, loads `module`: "pam_loginuid.so".
[[nodiscard]] bool loads(const std::string& service, PamPhase phase, std::string_view module,
                         const PamReader& reader);

// Whether our line stands in a phase of `service` that decides.
[[nodiscard]] bool may_refuse(const std::string& service, const PamReader& reader);

// Whether `service`, or a file that it includes, has our line in any phase.
[[nodiscard]] bool mentions_us(const std::string& service, const PamReader& reader);

}  // namespace stepup::ctl
