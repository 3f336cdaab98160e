// SPDX-License-Identifier: ISC
#include "stepupd/daemon/host_identity.h"

#include <systemd/sd-id128.h>

#include <array>

namespace stepup::daemon {
namespace {

// Chosen at random, once and for ever: enrolled credentials depend on it.
constexpr sd_id128_t kRelyingParty =
    SD_ID128_MAKE(37, 2c, 08, a0, de, b6, 4f, 13, 91, 07, a6, 31, de, 15, 0e, f9);

}  // namespace

Result<std::string> default_rp_id() {
  sd_id128_t id{};
  if (const int r = sd_id128_get_machine_app_specific(kRelyingParty, &id); r < 0) {
    return failure(Errc::NotFound, "this host has no machine id (machine-id(5))", -r);
  }
  std::array<char, SD_ID128_STRING_MAX> digits{};
  return std::string("stepup:") + sd_id128_to_string(id, digits.data());
}

}  // namespace stepup::daemon
