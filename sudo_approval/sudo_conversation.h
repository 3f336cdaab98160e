// SPDX-License-Identifier: ISC
// sudo's conversation function in the shape of PAM's, so that the dialogue with stepupd is the
// module's.
#pragma once

#include <security/pam_appl.h>

#include "sudo_approval/sudo_plugin_api.h"

namespace stepup::sudo_approval {

// How sudo talks to the person.  Must outlive what conv() returned.
struct SudoConversation {
  sudo_conv_t function = nullptr;
  bool may_ask = true;  // false: sudo -n, where a question fails at once
};

// A pam_conv(3) that shows and asks through `sudo`.
[[nodiscard]] pam_conv conv(SudoConversation& sudo) noexcept;

}  // namespace stepup::sudo_approval
