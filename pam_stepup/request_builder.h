// SPDX-License-Identifier: ISC
// Collects what stepupd is told about a PAM transaction.
#pragma once

#include <security/pam_modules.h>

#include "pam_stepup/own_process.h"
#include "stepupd/base/result.h"
#include "stepupd/wire/messages.h"

namespace stepup::pam_stepup {

// Fills in the request for `phase` from the PAM items, /proc/self and the user database.  Fails
// with Internal when PAM has no service or user, or read_program() fails.  Nothing is cut to fit:
// an item beyond its limit makes wire::encode() fail later.
[[nodiscard]] Result<wire::CheckRequest> build_request(pam_handle_t* pamh, wire::Phase phase);

}  // namespace stepup::pam_stepup
