// SPDX-License-Identifier: ISC
// Logins over ssh that follow each other from one place: source_reuse of stepupd.conf.  Before a
// session exists a proof reaches no further than its process, so twenty scp would ask twenty times.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/terms.h"
#include "stepupd/factor/digest.h"
#include "stepupd/policy/join.h"
#include "stepupd/wire/messages.h"

namespace stepup::daemon {

// Where a login comes from: nothing of it may differ.
struct LoginPlace {
  uid_t subject = kNoUid;
  std::string address;         // as sshd writes it
  factor::Sha256Digest key{};  // of the public key that was proved in the same connection
  bool operator==(const LoginPlace&) const = default;
};

// Whether nothing was proved before sshd asks us: no key, and no password that a module before ours
// took.  What stands behind us in its stack might then be skipped, and a code alone log in.
[[nodiscard]] bool is_first_factor(const wire::CheckRequest& request);

// The place of a login over ssh; nothing where no key was proved, or the address is a name, which
// whoever answers for it in the DNS can choose.
[[nodiscard]] std::optional<LoginPlace> place_of(const wire::CheckRequest& request);

class SourceReuse {
 public:
  void note(const LoginPlace& place, Level level, FactorKind factor, BootTime now);
  // Whether what was proved from there less than `within` ago meets `demand`.  A further rule,
  // which only tightens a demand, never makes it so; nor does scope process or a max_age of zero.
  [[nodiscard]] bool meet(const policy::Demand& demand, const LoginPlace& place, BootTime within,
                          BootTime now) const;
  void forget(uid_t subject);
  void forget_all() { proofs_.clear(); }

 private:
  struct Proof {
    LoginPlace place;
    Level level;
    FactorKind factor;
    BootTime at;
  };
  std::vector<Proof> proofs_;  // the oldest first, one of each place
};

}  // namespace stepup::daemon
