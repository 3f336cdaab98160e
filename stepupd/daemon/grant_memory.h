// SPDX-License-Identifier: ISC
// The grants and the logins as fixed records in a memfd, which systemd keeps for us in its fd
// store: a restart or an upgrade of stepupd asks nobody again, and a reboot forgets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/daemon/login.h"
#include "stepupd/factor/digest.h"
#include "stepupd/policy/grant.h"

namespace stepup::daemon {

class GrantMemory {
 public:
  using Slot = std::uint32_t;
  template <typename T>
  struct Kept {
    Slot slot = 0;
    T value;
  };
  struct Found {
    std::vector<Kept<policy::Grant>> grants;
    std::vector<Kept<Login>> logins;
  };

  // Keeps nothing: every write is a no-op.  For a ledger that ends with its process.
  GrantMemory() = default;

  // Takes over `stored`, the memfd that an earlier stepupd of this boot left, or makes a new one
  // when it is empty.  What another version or another boot wrote is forgotten.  `suspended` is
  // remembered in a new one: see suspended().
  static Result<GrantMemory> open(UniqueFd stored, const std::string& boot_id, BootTime suspended);

  // What was found, once.  A record whose checksum does not hold (its writer was killed) is gone.
  [[nodiscard]] Found take_found() { return std::move(found_); }

  // Writes it into a free slot, which it returns.  What cannot be written is lost at the next
  // restart, which only means that its person is asked again.
  Slot keep(const policy::Grant& grant);
  Slot keep(const Login& login);

  // Writes `grant`, which keep() put into `slot`, anew.
  void update(Slot slot, const policy::Grant& grant);

  // Clears the slot before it returns, so that what is revoked stays revoked.
  void clear(Slot slot);

  // How long the host had been suspended in this boot when that was last looked at, also by the
  // stepupd before this one.
  [[nodiscard]] BootTime suspended() const noexcept { return suspended_; }
  void set_suspended(BootTime suspended);

  // Keys the digests of the journal: random, and as long-lived as the grants.
  [[nodiscard]] const factor::Sha256Digest& journal_key() const noexcept { return journal_key_; }

  // The memfd, for the fd store; -1 = none.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  template <typename Body>
  Slot keep_body(const Body& body);
  template <typename Body>
  void write_body(Slot slot, const Body& body);

  UniqueFd fd_;
  BootTime suspended_{};
  factor::Sha256Digest journal_key_{};
  Found found_;
  std::vector<Slot> free_;
  Slot next_ = 0;
};

}  // namespace stepup::daemon
