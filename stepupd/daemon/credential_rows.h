// SPDX-License-Identifier: ISC
// stepupctl list: what a subject has enrolled, without a secret.
#pragma once

#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/declared_keys.h"
#include "stepupd/store/store.h"
#include "stepupd/wire/credential_messages.h"

namespace stepup::daemon {

// What tells `credential` from others, for people: "SHA1, 6 digits, 30 s".
[[nodiscard]] std::string details_of(const store::Credential& credential);

// One row for each authenticator, and one for the recovery codes together.  Fails with Storage.
[[nodiscard]] Result<std::vector<wire::CredentialRow>> list_credentials(
    store::Store& store, const Subject& subject, const DeclaredSource& declared);

}  // namespace stepup::daemon
