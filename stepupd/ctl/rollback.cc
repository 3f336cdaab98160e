// SPDX-License-Identifier: ISC
#include "stepupd/ctl/rollback.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string_view>
#include <utility>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/daemon_query.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/run_program.h"
#include "stepupd/wire/grant_messages.h"

namespace stepup::ctl {
namespace {

constexpr char kDirectory[] = "/var/lib/stepup-rollback";
constexpr char kRecord[] = "pending";
constexpr char kLock[] = "lock";
constexpr char kTimer[] = "stepup-rollback.timer";

void say(const std::string& text) { (void)write_all(STDOUT_FILENO, text + "\n"); }

std::string path_of(const std::string& name) { return std::string(kDirectory) + "/" + name; }

void complain(const std::string& what, const Error& why) {
  const char* const cause = why.sys_errno == 0 ? nullptr : strerrordesc_np(why.sys_errno);
  ctl::complain(what + ": " + why.what + (cause == nullptr ? "" : std::string(": ") + cause));
}

bool is_root(const char* may) {
  if (geteuid() == 0) return true;
  ctl::complain(std::string("only root may ") + may);
  return false;
}

// Whether somebody has stepped up since `since` where this command is typed.
bool stepped_up_here(const wire::SessionList& grants, const SessionPlace& here, BootTime since) {
  const BootTime now = boot_now();
  return std::ranges::any_of(grants.sessions, [&](const wire::SessionRow& grant) {
    // Ages are told in whole seconds, rounded down.
    const BootTime at_the_least =
        now - std::chrono::seconds(grant.age_seconds) - std::chrono::seconds(1);
    return holds_at(grant, here) && at_the_least >= since;
  });
}

// Why this is no confirmation; empty when it is one.
std::string objection(const Pending& pending, const std::string& socket) {
  const auto boot = read_boot_id();
  if (!boot || *boot != pending.boot_id) {
    return "the host was restarted since, so it is to be taken back: run stepupctl rollback";
  }
  const auto here = own_place();
  if (!here) return "this login session cannot be told from others";
  for (const SessionPlace& place : pending.places) {
    if (are_apart(place, *here)) continue;
    return "this is the login session in which it was enabled, which proves nothing: log in anew, "
           "and confirm there";
  }
  const auto grants = ask_sessions(socket);
  if (!grants) return "stepupd does not answer at " + printable(socket);
  if (!stepped_up_here(*grants, *here, pending.enabled_at)) {
    return "nobody has stepped up in this login session since it was enabled: run \"stepupctl "
           "verify\", then confirm";
  }
  return "";
}

}  // namespace

std::string to_text(const Pending& pending) {
  std::string text =
      "boot " + pending.boot_id + "\nenabled " + std::to_string(pending.enabled_at.count()) + "\n";
  for (const SessionPlace& place : pending.places) text += "place " + to_line(place) + "\n";
  for (const std::string& file : pending.files) text += "file " + file + "\n";
  return text;
}

std::optional<Pending> parse_pending(std::string_view text) {
  Pending pending;
  bool dated = false;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::string key = line.substr(0, line.find(' '));
    const std::string value = line.substr(std::min(key.size() + 1, line.size()));
    if (key == "boot") {
      pending.boot_id = value;
    } else if (key == "enabled") {
      std::int64_t milliseconds = 0;
      dated = static_cast<bool>(std::istringstream(value) >> milliseconds);
      pending.enabled_at = BootTime(milliseconds);
    } else if (key == "place") {
      auto place = place_of_line(value);
      if (!place) return std::nullopt;
      pending.places.push_back(std::move(*place));
    } else if (key == "file" && !value.empty() && value.find('/') == std::string::npos) {
      pending.files.push_back(value);
    } else {
      return std::nullopt;
    }
  }
  return dated && !pending.files.empty() ? std::optional(pending) : std::nullopt;
}

Result<RollbackStore> RollbackStore::open(const HostFiles& host) {
  if (mkdir(kDirectory, 0700) != 0 && errno != EEXIST) {
    return failure(Errc::Storage, "make the directory", errno);
  }
  UniqueFd lock(::open(path_of(kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return failure(Errc::Storage, "open the lock", errno);
  while (flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return failure(Errc::Storage, "lock", errno);
  }
  return RollbackStore(host, std::move(lock));
}

Status RollbackStore::put(const std::string& name, std::string_view text) const {
  const auto old = get(name);
  if (!old) return std::unexpected(old.error());
  return replace_file(path_of(name), *old, text, path_of(kLock));
}

Result<std::optional<std::string>> RollbackStore::get(const std::string& name) const {
  auto text = host_.read(path_of(name));
  if (!text && text.error().code == Errc::NotFound) return std::optional<std::string>();
  if (!text) return std::unexpected(text.error());
  return std::optional(std::move(*text));
}

Result<std::optional<Pending>> RollbackStore::pending() const {
  const auto text = get(kRecord);
  if (!text) return std::unexpected(text.error());
  const std::optional<std::string>& record = *text;
  if (!record) return std::optional<Pending>();
  auto pending = parse_pending(*record);
  if (!pending) return failure(Errc::Malformed, "the record is damaged");
  return pending;
}

Status RollbackStore::add(const std::vector<PamChange>& changes) const {
  auto known = pending();
  if (!known) return std::unexpected(known.error());
  Pending whole = known->value_or(Pending{});
  const auto boot = read_boot_id();
  if (!boot) return std::unexpected(boot.error());
  auto place = own_place();
  if (!place) return std::unexpected(place.error());
  whole.boot_id = *boot;
  whole.enabled_at = boot_now();
  if (std::ranges::find(whole.places, *place) == whole.places.end()) {
    whole.places.push_back(std::move(*place));
  }
  for (const PamChange& change : changes) {
    // What a file was before the first of several changes is what it goes back to.
    if (std::ranges::find(whole.files, change.file) == whole.files.end()) {
      whole.files.push_back(change.file);
      (void)unlink(path_of(change.file + ".before").c_str());
      if (change.before) {
        if (auto kept = put(change.file + ".before", *change.before); !kept) return kept;
      }
    }
    if (auto kept = put(change.file + ".after", change.after.value_or("")); !kept) return kept;
  }
  return put(kRecord, to_text(whole));
}

Status RollbackStore::forget() const {
  const auto known = pending();
  const Status done = remove_file(path_of(kRecord));
  if (!done || !known) return done;
  const Pending held = known->value_or(Pending{});
  for (const std::string& file : held.files) {
    (void)unlink(path_of(file + ".before").c_str());
    (void)unlink(path_of(file + ".after").c_str());
  }
  return done;
}

bool RollbackStore::take_back(const std::string& file) const {
  const auto before = get(file + ".before");
  const auto after = get(file + ".after");
  const std::string path = host_.pam_path(file);
  const auto now = host_.read(path);
  if (!now && now.error().code == Errc::NotFound) return true;  // somebody has removed it
  if (!now || !before || !after) {
    ctl::complain(printable(path) + ": it, or what it was, cannot be read");
    return false;
  }
  if (*before == *now) return true;
  PamChange change{file, path, *now, *before, path};
  if (*after != *now) {
    const auto taken_out = removal(host_, file);
    if (taken_out) {
      const std::optional<PamChange>& without = *taken_out;
      if (!without) return true;  // our block is gone already
      change = *without;
      say(path + ": it was edited since; the edit stays.");
    } else if (put(file + ".edited", *now)) {
      say(path + ": its block is broken, so the file goes back; the edited one is kept as " +
          path_of(file + ".edited"));
    } else {
      return false;
    }
  }
  if (!carry_out({change})) return false;
  say(path + ": taken back.");
  return true;
}

bool RollbackStore::take_back() const {
  const auto known = pending();
  if (!known) {
    complain(path_of(kRecord), known.error());
    return false;
  }
  const std::optional<Pending>& held = *known;
  if (!held) return true;
  bool good = true;
  for (const std::string& file : held->files) good = take_back(file) && good;
  return good && forget().has_value();
}

bool start_rollback_timer() {
  return output_of({"/usr/bin/systemctl", "restart", kTimer}, 4096).has_value();
}

ExitCode confirm(const std::string& socket) {
  if (!is_root("confirm")) return ExitCode::Refused;
  const HostFiles host("", "");
  const auto store = RollbackStore::open(host);
  const auto pending = store ? store->pending() : std::unexpected(store.error());
  if (!pending) {
    complain(kDirectory, pending.error());
    return ExitCode::Refused;
  }
  const std::optional<Pending>& held = *pending;
  if (!held) {
    ctl::complain(
        "nothing waits to be confirmed: it was, or it is taken back already; see: journalctl -u "
        "stepup-rollback.service");
    return ExitCode::Refused;
  }
  if (const std::string against = objection(*held, socket); !against.empty()) {
    ctl::complain(against);
    return ExitCode::Refused;
  }
  if (const auto done = store->forget(); !done) {
    complain(path_of(kRecord), done.error());
    return ExitCode::Refused;
  }
  (void)output_of({"/usr/bin/systemctl", "stop", kTimer}, 4096);  // it would find nothing to do
  say("Confirmed: it stays.");
  return ExitCode::Done;
}

ExitCode rollback() {
  if (!is_root("change /etc/pam.d")) return ExitCode::Refused;
  const HostFiles host("", "");
  const auto store = RollbackStore::open(host);
  if (!store) {
    complain(kDirectory, store.error());
    return ExitCode::Refused;
  }
  const auto pending = store->pending();
  if (pending && !*pending) {
    say("Nothing waits to be taken back.");
    return ExitCode::Done;
  }
  return store->take_back() ? ExitCode::Done : ExitCode::Refused;
}

}  // namespace stepup::ctl
