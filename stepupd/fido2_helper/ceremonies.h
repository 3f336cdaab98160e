// SPDX-License-Identifier: ISC
// The two things that the helper can be asked for, from the request to the last message.
#pragma once

#include <variant>

#include "stepupd/fido2_helper/port.h"
#include "stepupd/wire/helper_messages.h"

namespace stepup::fido2_helper {

// Both return what ends the dialogue.  `request` has to live as long as the process: a key may hold
// on to a thread that uses it.
[[nodiscard]] std::variant<wire::Assertion, wire::CeremonyFailed> get_assertion(
    Port& port, const wire::AssertRequest& request);
[[nodiscard]] std::variant<wire::NewCredential, wire::CeremonyFailed> make_credential(
    Port& port, const wire::MakeCredentialRequest& request);

}  // namespace stepup::fido2_helper
