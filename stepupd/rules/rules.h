// SPDX-License-Identifier: ISC
// The administrator's files (stepupd.conf(5)) as settings and policy rules.  The only folder that
// knows TOML.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/language.h"
#include "stepupd/policy/join.h"
#include "stepupd/policy/rule.h"

namespace stepup::rules {

// Bounds on what is read, so that a mistaken file can neither exhaust memory nor stall a reload.
inline constexpr std::size_t kMaxFiles = 1000;
inline constexpr std::size_t kMaxFileSize = std::size_t{1} << 20;
inline constexpr std::size_t kMaxTotalSize = std::size_t{4} << 20;

// What is wrong, and where.  A line of 0 means the file as a whole.
struct Problem {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string what;
  bool operator==(const Problem&) const = default;
};

// "file:line:column: what"; parts that are not known are left out.  Printable ASCII.
[[nodiscard]] std::string to_string(const Problem& problem);

// One file as it was read.
struct SourceFile {
  std::string path;
  std::string text;           // empty: a drop-in that masks what it replaces
  std::string replaces = {};  // path of the vendor's drop-in of the same name, or empty
  bool operator==(const SourceFile&) const = default;
};

// Where the files are: stepupd.conf and stepupd.conf.d/*.conf in etc_dir,
// stepupd.conf.d/*.conf in vendor_dir, and tags.d/*.conf in etc_dir.
struct Layout {
  std::string etc_dir = "/etc/stepup";
  std::string vendor_dir = "/usr/lib/stepup";
};

// Who may own the files and every directory above them.
enum class OwnerRule : std::uint8_t {
  Root,    // root alone, and nobody else may write to them: files that are obeyed
  Anyone,  // not looked at: files that are only checked, before they are installed
};

enum class Mode : std::uint8_t {
  Enforce,
  Monitor,  // decide and log, never ask
};

// What happens to a person who has no factor that can meet a demand.
struct Unenrolled {
  bool allow = false;
  std::int64_t until_unix = 0;  // with allow: the first second (UTC) at which it ends
  bool operator==(const Unenrolled&) const = default;
};

// The keys that only stepupd.conf may hold, each at its default.
struct Settings {
  Mode mode = Mode::Enforce;
  Unenrolled unenrolled;
  bool verify_session = false;
  int max_failures = 5;
  BootTime source_reuse = BootTime::zero();  // of logins over ssh; zero: each is asked
  BootTime max_backoff = std::chrono::minutes(15);
  std::vector<std::string> tags;  // what this host is for; tags.d included
  std::string rp_id;              // empty: the daemon takes the host's own
  unsigned rp_id_line = 0;        // of stepupd.conf, when it is named
  Language language = Language::English;
  bool fido2 = true;                 // whether security keys count
  bool ssh_sk = false;               // whether those behind an ssh agent do
  std::vector<std::string> devices;  // looked for keys besides those that are found: paths
  std::vector<std::string> aaguids;  // models that may be enrolled, in lower case; empty: all
  bool sk_requires_touch = false;    // whether sshd takes no sk- key without a touch
  std::string admin_group;           // whose members see everybody's activity; empty: root alone
  BootTime activity_keep = std::chrono::days(30);
  bool activity_arguments = false;  // whether the words of commands are kept with it
  bool operator==(const Settings&) const = default;
};

struct RuleSet {
  Settings settings;
  std::vector<policy::Rule> rules;  // in file order; every Principal still Lookup::Unknown
  std::vector<std::string> masked;  // the vendor's drop-ins replaced by a file without a rule
  bool operator==(const RuleSet&) const = default;
};

// Reads stepupd.conf, the drop-ins by file name, and tags.d; a drop-in in etc_dir replaces the
// vendor's of the same name, and an empty one, or a symbolic link to /dev/null, masks it.  Names
// that do not end in ".conf" or begin with a dot are ignored.  On failure returns every problem
// found: a file that cannot be read is never taken for absent, and none is read by halves.
[[nodiscard]] std::expected<std::vector<SourceFile>, std::vector<Problem>> read_files(
    const Layout& layout, OwnerRule owner = OwnerRule::Root);

// Input is untrusted: the text of the files may be anything.  Returns the settings and rules, or
// what is wrong, by file and line, with at least the first problem of each file.  `files` must be
// what read_files or unbundle returned: stepupd.conf first.  Pure but for the time zones that rules
// name, which it reads from the host; no rule at all is legal.
[[nodiscard]] std::expected<RuleSet, std::vector<Problem>> parse(
    const std::vector<SourceFile>& files,
    policy::MissingZone missing_zone = policy::MissingZone::IsAnError);

// The files as one string, in which the daemon keeps the last good set; unbundle() restores them
// exactly.  The daemon adds the checksum.
[[nodiscard]] std::string bundle(const std::vector<SourceFile>& files);

// Input is untrusted: a file on disk, perhaps of another version of stepupd.  Fails on any other
// version, length or trailing byte.
[[nodiscard]] std::expected<std::vector<SourceFile>, Problem> unbundle(std::string_view bytes);

// What the rule demands: "otp within 15min, scope session", "touch every time, scope tty".
[[nodiscard]] std::string describe(const policy::Rule& rule);

// What `rules` together demand: the same, "nothing", or why they refuse.
[[nodiscard]] std::string describe(const policy::Demand& demand,
                                   std::span<const policy::Rule> rules);

// When it demands that: "service sudo, su; user alice, @wheel; except_user bob", or "everything".
[[nodiscard]] std::string describe_conditions(const policy::Rule& rule);

// As the conf file writes it, in the largest unit that is exact: "0", "90s", "15min", "2h", "1d".
[[nodiscard]] std::string format_duration(BootTime duration);

constexpr const char* to_string(Mode mode) noexcept {
  switch (mode) {
    case Mode::Enforce: return "enforce";
    case Mode::Monitor: return "monitor";
  }
  return "?";
}

}  // namespace stepup::rules
