// SPDX-License-Identifier: ISC
// Where this process stands, as stepupd sees it: to tell one login session from another.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/coordinates.h"
#include "stepupd/base/result.h"
#include "stepupd/wire/grant_messages.h"

namespace stepup::ctl {

struct SessionPlace {
  SessionKey session;
  // The POSIX session leaders of this process and of its ancestors: sudo may have made a terminal
  // of its own, so ours alone would not tell where the person types.
  std::vector<pid_t> leaders;
  bool operator==(const SessionPlace&) const = default;
};

[[nodiscard]] Result<SessionPlace> own_place();

// Whether `a` and `b` are two logins.  The terminals of one desktop share its session key, and are
// told apart by their leaders, as stepupd tells them apart.
[[nodiscard]] bool are_apart(const SessionPlace& a, const SessionPlace& b);

// Whether the grant was obtained where `here` is.
[[nodiscard]] bool holds_at(const wire::SessionRow& grant, const SessionPlace& here);

// One line without its newline, and back; nothing for what is none.
[[nodiscard]] std::string to_line(const SessionPlace& place);
[[nodiscard]] std::optional<SessionPlace> place_of_line(std::string_view line);

}  // namespace stepup::ctl
