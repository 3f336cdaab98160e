// SPDX-License-Identifier: ISC
// The text of stepupd.conf and of a drop-in, split at the first byte 0x01.
// Property: parse() returns, never throws; what it accepts survives bundle() and unbundle(); every
// problem names a file and is printable; and one more rule never lowers what is demanded.
#include <algorithm>

#include "stepupd/policy/join.h"
#include "stepupd/rules/rules.h"
#include "tests/fuzz/check.h"

using namespace stepup;

namespace {

constexpr std::string_view kOneMore =
    "[[rule]]\nname = \"one more\"\nlevel = \"otp\"\nscope = \"tty\"\n";

// Alice of group wheel by sudo, for no particular user: what many rules match.
policy::Facts facts() {
  policy::Facts facts;
  facts.family = "sudo";
  facts.pam_service = "sudo";
  facts.subject = 1000;
  facts.groups = std::vector<gid_t>{10};
  return facts;
}

void require_no_weaker(const policy::Demand& less, const policy::Demand& more) {
  fuzz::require(more.level >= less.level && more.max_age <= less.max_age &&
                    more.scope >= less.scope && more.max_idle <= less.max_idle &&
                    (more.factors & less.factors) == more.factors &&
                    (more.denies() || !less.denies()),
                "one more rule never lowers a demand");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t cut = text.find('\x01');
  std::vector<rules::SourceFile> files = {
      {"/etc/stepup/stepupd.conf", std::string(text.substr(0, cut))}
  };
  if (cut != std::string_view::npos) {
    files.push_back({"/etc/stepup/stepupd.conf.d/a.conf", std::string(text.substr(cut + 1))});
  }
  const auto set = rules::parse(files);
  if (!set) {
    fuzz::require(!set.error().empty(), "a refusal names a problem");
    for (const rules::Problem& problem : set.error()) {
      fuzz::require(!problem.file.empty(), "a problem names its file");
      const std::string line = rules::to_string(problem);
      fuzz::require(std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 0x7f; }),
                    "a problem is printable");
    }
    return 0;
  }
  const auto restored = rules::unbundle(rules::bundle(files));
  fuzz::require(restored && *restored == files, "the last good files are restored exactly");

  files.push_back({"/etc/stepup/stepupd.conf.d/z.conf", std::string(kOneMore)});
  const auto more = rules::parse(files);
  if (!more) return 0;  // the name is taken already
  const policy::Joined before = policy::join(set->rules, facts());
  const policy::Joined after = policy::join(more->rules, facts());
  require_no_weaker(before.enforced, after.enforced);
  require_no_weaker(before.reported, after.reported);
  require_no_weaker(after.enforced, after.reported);
  return 0;
}
