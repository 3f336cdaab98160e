// SPDX-License-Identifier: ISC
// Rules as the policy sees them, and the facts they are matched with.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/terms.h"
#include "stepupd/policy/command.h"
#include "stepupd/policy/network.h"
#include "stepupd/policy/week_time.h"

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
  std::uint32_t id = kNoUid;              // uid or gid when Found
  bool local = false;                     // a user whom /etc/passwd lists
  std::vector<std::string> members = {};  // of a group, but for those whose primary group it is
  bool operator==(const Principal&) const = default;
};

// The family that a program of this PAM service belongs to.
constexpr std::string_view family_of(std::string_view pam_service) noexcept {
  if (pam_service == "sudo-i") return "sudo";
  if (pam_service == "su-l") return "su";
  return pam_service;
}

// Whether programs of this family run no command but the person's own shell.
constexpr bool only_logs_in(std::string_view family) noexcept {
  return family == "sshd" || family == "login" || family.starts_with("gdm");
}

inline constexpr BootTime kNoMaxIdle = BootTime::max();

// One [[rule]].  Every condition that is not empty must hold, and no exception; then its demand is
// made.
struct Rule {
  std::string name;
  std::string origin;  // "stepupd.conf:12"

  std::vector<std::string> service;      // family, or pam_service below
  std::vector<std::string> pam_service;  // exact PAM_SERVICE
  std::vector<Principal> user;
  std::vector<Principal> target_user;
  std::vector<CommandPattern> command;
  std::vector<std::string> host_tag;
  std::vector<Network> source;
  std::optional<bool> remote;
  std::vector<std::string> tty;  // "none", "any", or names that may end in *
  std::vector<std::string> login_method;
  std::vector<TimeWindow> time;
  std::vector<Principal> except_user;
  std::vector<CommandPattern> except_command;
  std::vector<Network> except_source;

  Level level = Level::Otp;
  FactorSet factors = FactorSet::all();         // which count
  BootTime max_age = std::chrono::minutes(15);  // zero = every time
  BootTime max_idle = kNoMaxIdle;
  Scope scope = Scope::Session;
  std::optional<std::string> deny;  // refuses, with this message
  bool login_counts = false;        // what the login itself proved meets it, at its level and age
  bool enforce = true;              // false: only reports what it would have demanded
  bool operator==(const Rule&) const = default;
};

// Where the person came from.
struct LoginSource {
  std::optional<Address> address;  // nothing: from this host itself
  bool operator==(const LoginSource&) const = default;
};

// How likely it is that the session is not its owner's.  Later rules will ask for it.
enum class RiskBand : std::uint8_t { Low, Elevated, High };

// What is known about one request.  An absent optional is unknown: it matches every condition and
// no exception.
struct Facts {
  std::string family;       // "sudo", "su", "doas", "sshd", ... (ARCHITECTURE section 4)
  std::string pam_service;  // PAM_SERVICE; empty = unknown
  uid_t subject = kNoUid;
  std::optional<std::vector<gid_t>> groups;

  // Whose rights are taken: name or uid, or both.
  std::optional<std::string> target_user;
  std::optional<uid_t> target_uid;
  std::optional<gid_t> target_gid;                  // its primary group
  std::optional<std::vector<gid_t>> target_groups;  // all of them

  Command command;
  std::vector<std::string> host_tags;
  std::optional<LoginSource> source;
  std::optional<bool> remote;
  std::optional<std::string> tty;                         // "pts/3"; empty = it has none
  std::optional<std::vector<std::string>> login_methods;  // AMR names (RFC 8176)
  std::optional<Moment> now;
  std::optional<RiskBand> risk;
  std::optional<bool> alert;  // one about the subject is active
};

}  // namespace stepup::policy
