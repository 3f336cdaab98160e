// SPDX-License-Identifier: ISC
// Security keys that the administrator declares in /etc (stepup-credentials(5)), beside those that
// are enrolled.  Runs on the worker thread; joins rules, factor and store.
#pragma once

#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/rules/trusted_dir.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

// Where they are declared, and for which relying party when they name none.
struct DeclaredSource {
  std::string etc_dir;  // empty: nowhere
  std::string rp_id;
  rules::Trust trust{.owner = 0};
};

struct AllCredentials {
  std::vector<store::Credential> credentials;  // a declared one has the id 0
  std::string
      problem;  // not empty: the file of this subject has a mistake, and nothing in it counts
};

// `enrolled` and what is declared for `subject`, with the counters that were seen on this host.  A
// key that is both is only enrolled.  Read anew each time, so that a key which was taken away, or a
// file that was spoilt, does not count from then on; and one that is spoilt harms nobody else.
// Blocks.  Fails as declared_use() does.
[[nodiscard]] Result<AllCredentials> with_declared(store::Transaction& transaction,
                                                   std::vector<store::Credential> enrolled,
                                                   const Subject& subject,
                                                   const DeclaredSource& source);

}  // namespace stepup::daemon
