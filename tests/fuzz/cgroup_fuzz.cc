// SPDX-License-Identifier: ISC
// /proc/PID/cgroup: below user@UID.service a user names control groups as he likes.
// Property: whatever is appended to a path that a scope or manager decided changes nothing, nor to
// one that is neither's; a place is a session or a manager, not both; a session key made from it is
// never wider than a terminal under a manager, nor for a session that logind does not call open.
#include <string>

#include "stepupd/session/proc_text.h"
#include "stepupd/session/session_key.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::session;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string below(fuzz::text_of(data, size));
  const CgroupPlace place = parse_cgroup(below);
  fuzz::require(place.login_session.empty() || !place.manager, "a session or a manager");

  const CgroupPlace managed =
      parse_cgroup("0::/user.slice/user-1000.slice/user@1000.service/" + below);
  fuzz::require(managed == CgroupPlace{.login_session = {}, .manager = 1000, .owner = 1000},
                "no cgroup below a manager leaves it");
  const CgroupPlace scoped =
      parse_cgroup("0::/user.slice/user-1000.slice/session-7.scope/" + below);
  fuzz::require(scoped == CgroupPlace{.login_session = "7", .manager = {}, .owner = 1000},
                "no cgroup below a session leaves it");

  const CgroupPlace elsewhere = parse_cgroup("0::/system.slice/container.service/" + below);
  fuzz::require(elsewhere == CgroupPlace{}, "no cgroup below a service becomes a session");

  for (const auto state : {LoginSessionState::Open, LoginSessionState::Closing,
                           LoginSessionState::Gone, LoginSessionState::Unknown}) {
    const KeyAndReach reach = session_key({place, std::nullopt, true, state});
    const bool may_be_wide = !place.login_session.empty() && state == LoginSessionState::Open;
    fuzz::require(may_be_wide || reach.widest != Scope::Session, "no wider than a terminal");
    fuzz::require(reach.widest != Scope::Session || reach.key.kind != SessionKey::Kind::None,
                  "a session's reach needs a session's key");
  }
  return 0;
}
