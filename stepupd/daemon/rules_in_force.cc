// SPDX-License-Identifier: ISC
#include "stepupd/daemon/rules_in_force.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "stepupd/base/small_file.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/factor/digest.h"
#include "stepupd/rules/resolve.h"

namespace stepup::daemon {
namespace {

constexpr std::size_t kMaxLastGood = 2 * rules::kMaxTotalSize;
constexpr std::size_t kDigestSize = 64;  // SHA-256 in hex, then a newline, then the bundle

std::string last_good_path(const std::string& state_dir) { return state_dir + "/rules.last-good"; }

Status write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(Errc::Storage, "write", errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fsync(fd) != 0) return failure(Errc::Storage, "fsync", errno);
  return {};
}

// Replaces the saved set by rename, so that a crash leaves the old one or the new one.
Status save_last_good(const std::string& state_dir, const std::string& digest,
                      const std::string& bundle) {
  const std::string path = last_good_path(state_dir);
  const auto saved = read_small_file(path.c_str(), kMaxLastGood);
  if (saved && *saved == digest + "\n" + bundle) return {};

  const std::string temporary = path + ".new";
  (void)unlink(temporary.c_str());
  const UniqueFd fd(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return failure(Errc::Storage, "open", errno);
  auto written = write_whole(fd.get(), digest + "\n" + bundle);
  if (!written) return written;
  if (rename(temporary.c_str(), path.c_str()) != 0) return failure(Errc::Storage, "rename", errno);
  const UniqueFd directory(open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || fsync(directory.get()) != 0) return failure(Errc::Storage, "fsync", errno);
  return {};
}

// The saved set, or nothing when there is none whose checksum holds.
std::optional<InForce> load_last_good(const std::string& state_dir) {
  const auto saved = read_small_file(last_good_path(state_dir).c_str(), kMaxLastGood);
  if (!saved || saved->size() <= kDigestSize || (*saved)[kDigestSize] != '\n') return {};
  const std::string digest = saved->substr(0, kDigestSize);
  const std::string_view bundle = std::string_view(*saved).substr(kDigestSize + 1);
  const auto actual = factor::sha256_hex(bundle);
  if (!actual || *actual != digest) return {};
  const auto files = rules::unbundle(bundle);
  if (!files) return {};
  // A zone that this host no longer has must not take all of the rules with it.
  auto set = rules::parse(*files, policy::MissingZone::IsKept);
  if (!set) return {};
  return InForce{std::move(*set), digest, {}};
}

// Since when the files are bad: the time of a file that is there meanwhile, since a restart must
// not make that forgotten.
std::optional<std::int64_t> note_stale(const std::string& state_dir, bool is_stale) {
  const std::string path = state_dir + "/rules.stale";
  if (!is_stale) {
    (void)unlink(path.c_str());
    return std::nullopt;
  }
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat found = {};
  if (!fd || fstat(fd.get(), &found) != 0) return std::nullopt;
  return found.st_mtime;
}

void resolve(InForce& rules) {
  rules.local_accounts = read_local_accounts();
  rules::resolve(rules.set.rules, rules.local_accounts);
  rules.index = policy::RuleIndex(rules.set.rules);
  rules.excepted.clear();
  for (const policy::Rule& rule : rules.set.rules) {
    rules.excepted.insert(rules.excepted.end(), rule.except_command.begin(),
                          rule.except_command.end());
  }
  rules.asks_origin = std::ranges::any_of(rules.set.rules, [](const policy::Rule& rule) {
    return rule.remote || !rule.source.empty() || !rule.except_source.empty();
  });
  rules.admin_gid.reset();
  if (const std::string& admins = rules.set.settings.admin_group; !admins.empty()) {
    if (const auto group = group_named(admins)) rules.admin_gid = group->gid;
  }
}

// What is wrong with the name for security keys; nothing when it may stand.
std::optional<rules::Problem> changed_rp_id(const rules::SourceFile& conf,
                                            const rules::Settings& settings,
                                            const std::string& enrolled) {
  if (settings.rp_id.empty() || enrolled.empty() || settings.rp_id == enrolled) return {};
  return rules::Problem{conf.path, settings.rp_id_line, 0,
                        "rp_id cannot change while security keys are enrolled for \"" + enrolled +
                            "\", which would prove nothing any more: write that, or remove these "
                            "keys first (stepupctl list, stepupctl remove)"};
}

}  // namespace

Loaded load_rules(const rules::Layout& layout, const std::string& state_dir,
                  const std::string& enrolled_rp_id) {
  Loaded loaded;
  const auto files = rules::read_files(layout);
  std::optional<InForce> good;
  if (!files) {
    loaded.problems = files.error();
  } else if (auto set = rules::parse(*files); !set) {
    loaded.problems = set.error();
  } else if (auto changed = changed_rp_id(files->front(), set->settings, enrolled_rp_id)) {
    loaded.problems.push_back(std::move(*changed));
  } else if (const auto digest = factor::sha256_hex(rules::bundle(*files)); !digest) {
    loaded.problems.push_back({"stepupd", 0, 0, "cannot compute SHA-256"});
  } else {
    good = InForce{std::move(*set), *digest, {}};
    if (const auto saved = save_last_good(state_dir, *digest, rules::bundle(*files)); !saved) {
      loaded.unsaved = rules::Problem{last_good_path(state_dir), 0, 0, saved.error().what};
    }
  }
  loaded.stale_since = note_stale(state_dir, !good);
  if (!good) {
    good = load_last_good(state_dir);
    if (good) good->stale = loaded.problems.front();
  }
  if (good) {
    resolve(*good);
    loaded.rules = std::make_shared<const InForce>(std::move(*good));
  }
  return loaded;
}

std::shared_ptr<const InForce> resolve_again(const InForce& rules) {
  InForce copy = rules;
  resolve(copy);
  return std::make_shared<const InForce>(std::move(copy));
}

}  // namespace stepup::daemon
