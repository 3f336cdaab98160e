// SPDX-License-Identifier: ISC
// For hosts without systemd: what stepup-fido2-helper.socket does elsewhere.
#pragma once

#include <string>

#include "stepupd/base/result.h"

namespace stepup::fido2_helper {

inline constexpr int kConnection = 3;  // SD_LISTEN_FDS_START, sd_listen_fds(3)

struct Place {
  std::string path;
  std::string group;  // who may connect besides the one who started us; may be empty
  std::string user;   // whom each connection is served as; empty: the one who started us
};

// Binds a socket there and starts "stepup-fido2-helper --connection" for each connection, which is
// descriptor kConnection then, at most 16 at once.  Returns when something failed, and only then.
[[nodiscard]] Error listen_at(const Place& place);

}  // namespace stepup::fido2_helper
