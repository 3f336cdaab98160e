// SPDX-License-Identifier: ISC
// Credentials that are kept for accounts that are no more.
#pragma once

#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

// As they were recorded: those whose uid nobody has now, or somebody of another name.  Asks the
// name service, so it runs on the worker thread, and about few: beyond them, and where the service
// does not answer, an account counts as one that there is.
[[nodiscard]] Result<std::vector<Subject>> gone_accounts(store::Store& store);

// For whoever looks after the host.
[[nodiscard]] std::string about_gone(const Subject& recorded);

}  // namespace stepup::daemon
