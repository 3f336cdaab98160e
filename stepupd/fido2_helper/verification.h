// SPDX-License-Identifier: ISC
// The chosen key verifies its user: by its fingerprint reader, or else by the PIN.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/fido2_helper/key.h"
#include "stepupd/fido2_helper/port.h"
#include "stepupd/wire/helper_messages.h"

namespace stepup::fido2_helper {

// What is done with the key once it is known who holds it; on a thread of its own.
using Deed = std::function<int(Key&, Means, const SecretBytes& pin)>;

// Does it by a touch alone.  A key that wants more goes through do_verified().
[[nodiscard]] std::optional<wire::CeremonyFailed> do_by_touch(Port& port,
                                                              const std::shared_ptr<Key>& key,
                                                              BootTime deadline, const Deed& deed);

// Does it with the user verified, and asks for as much as the key needs for that.  The PIN goes to
// no other key.  None: it is done.
[[nodiscard]] std::optional<wire::CeremonyFailed> do_verified(Port& port,
                                                              const std::shared_ptr<Key>& key,
                                                              BootTime deadline, const Deed& deed);

}  // namespace stepup::fido2_helper
