// SPDX-License-Identifier: ISC
// libfido2's errors in the words of the protocol.
#pragma once

#include "stepupd/base/boot_time.h"
#include "stepupd/wire/helper_messages.h"

namespace stepup::fido2_helper {

// What a FIDO_ERR_* value says about a ceremony that ends with it.
[[nodiscard]] wire::CeremonyFailed failed(int fido_error);

// The key wants its user verified, although that was not asked of it.
[[nodiscard]] bool wants_verification(int fido_error) noexcept;

// The key, asked at `asked`, waited for its person as long as it pleases; it can be asked again.
// One that gives up at once would be asked without end.
[[nodiscard]] bool waited_in_vain(int fido_error, BootTime asked) noexcept;

}  // namespace stepup::fido2_helper
