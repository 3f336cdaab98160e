// SPDX-License-Identifier: ISC
#include "stepupd/ctl/user_name.h"

#include <pwd.h>

namespace stepup::ctl {

std::string user_name(uid_t uid) {
  const passwd* const entry = getpwuid(uid);  // NOLINT(concurrency-mt-unsafe): one thread
  return entry == nullptr ? std::to_string(uid) : entry->pw_name;
}

}  // namespace stepup::ctl
