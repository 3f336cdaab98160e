// SPDX-License-Identifier: ISC
// Rules as the policy sees them, and the facts they are matched with.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/terms.h"

namespace stepup::policy {

// A user or a @group that a rule names.  The daemon resolves it when the rules are loaded, since
// no name service may be asked while deciding.
struct Principal {
  enum class Kind : std::uint8_t { User, Group };
  enum class Lookup : std::uint8_t {
    Found,
    Absent,   // no such account: can never match
    Unknown,  // the name service failed: counts as matched in a condition, never in an exception
  };
  Kind kind = Kind::User;
  std::string name;  // without the @
  Lookup lookup = Lookup::Unknown;
  std::uint32_t id = kNoUid;  // uid or gid when Found
  bool operator==(const Principal&) const = default;
};

// One [[rule]].  Every condition that is not empty must hold; then its demand is made.
struct Rule {
  std::string name;
  std::string origin;  // "stepupd.conf:12"

  std::vector<std::string> service;      // family, or pam_service below
  std::vector<std::string> pam_service;  // exact PAM_SERVICE
  std::vector<Principal> user;
  std::vector<std::string> target_user;
  std::vector<Principal> except_user;

  Level level = Level::Otp;
  BootTime max_age = std::chrono::minutes(15);  // zero = every time
  Scope scope = Scope::Session;
  bool enforce = true;  // false: only reports what it would have demanded
  bool operator==(const Rule&) const = default;
};

// What is known about one request.  An absent optional is unknown: it matches every condition and
// no exception.
struct Facts {
  std::string family;       // "sudo", "su", "doas", "sshd", ... (ARCHITECTURE section 4)
  std::string pam_service;  // PAM_SERVICE
  uid_t subject = kNoUid;
  std::optional<std::vector<gid_t>> groups;
  std::optional<std::string> target_user;
};

}  // namespace stepup::policy
