// SPDX-License-Identifier: ISC
// The safety net of enable: what it changed is taken back, by stepup-rollback.timer and at the next
// boot, unless somebody has shown in another login session that they still come through.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/ctl/exit_code.h"
#include "stepupd/ctl/pam_change.h"
#include "stepupd/ctl/session_place.h"

namespace stepup::ctl {

// What waits to be confirmed.
struct Pending {
  std::string boot_id;
  BootTime enabled_at{};             // the latest one
  std::vector<SessionPlace> places;  // of whoever enabled
  std::vector<std::string> files;    // of /etc/pam.d
  bool operator==(const Pending&) const = default;
};
[[nodiscard]] std::string to_text(const Pending& pending);
[[nodiscard]] std::optional<Pending> parse_pending(std::string_view text);

// Holds /var/lib/stepup-rollback, root's alone, with the record and both texts of each file,
// locked.
class RollbackStore {
 public:
  // Waits for whoever has it.  Fails when it cannot be made.
  [[nodiscard]] static Result<RollbackStore> open(const HostFiles& host);

  // Nothing: nothing waits.  Fails when there is a record that cannot be read.
  [[nodiscard]] Result<std::optional<Pending>> pending() const;
  // Records `changes`, which are about to be made, beside what waits already.
  [[nodiscard]] Status add(const std::vector<PamChange>& changes) const;
  [[nodiscard]] Status forget() const;

  // Makes every file what it was: byte for byte where only enable has changed it, else by taking
  // our blocks out.  Where a block is broken the whole file goes back, and what it was stays here.
  // Forgets the record once all is done.  Says what it does, and returns whether it did it.
  [[nodiscard]] bool take_back() const;

 private:
  explicit RollbackStore(const HostFiles& host, UniqueFd lock)
      : host_(host), lock_(std::move(lock)) {}
  [[nodiscard]] Status put(const std::string& name, std::string_view text) const;
  [[nodiscard]] Result<std::optional<std::string>> get(const std::string& name) const;
  [[nodiscard]] bool take_back(const std::string& file) const;

  const HostFiles& host_;
  UniqueFd lock_;
};

// Starts the five minutes anew.
[[nodiscard]] bool start_rollback_timer();

[[nodiscard]] ExitCode confirm(const std::string& socket);
[[nodiscard]] ExitCode rollback();

}  // namespace stepup::ctl
