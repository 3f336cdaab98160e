// SPDX-License-Identifier: ISC
#include "stepupd/session/proc_text.h"

#include <sys/sysmacros.h>

#include <charconv>

namespace stepup::session {
namespace {

// Takes the text up to `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return word;
}

template <typename Int>
bool parse_number(std::string_view word, Int& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

// The words of a status line after its "Key:", separated by tabs or spaces.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t start = line.find_first_not_of("\t ");
    if (start == std::string_view::npos) break;
    line.remove_prefix(start);
    words.push_back(line.substr(0, line.find_first_of("\t ")));
    line.remove_prefix(words.back().size());
  }
  return words;
}

// Takes the number that comes first in a status line.
template <typename Int>
bool parse_first(std::string_view line, Int& value) {
  const auto words = words_of(line);
  return !words.empty() && parse_number(words[0], value);
}

// What stands between `before` and `after` in `name`; empty when they do not enclose it.
std::string_view between(std::string_view before, std::string_view name, std::string_view after) {
  if (!name.starts_with(before) || !name.ends_with(after)) return {};
  return name.substr(before.size(), name.size() - before.size() - after.size());
}

// The kernel prints a dev_t as new_encode_dev(): minor bits 0-7 and 20-31, major bits 8-19.
dev_t decode_device(std::uint32_t raw) {
  if (raw == 0) return 0;
  return makedev((raw >> 8) & 0xfff, (raw & 0xff) | ((raw >> 12) & 0xfff00));
}

}  // namespace

Result<ProcStat> parse_stat(std::string_view text) {
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string_view::npos || text.substr(end_of_name, 2) != ") ") {
    return failure(Errc::Malformed, "stat without a command name");
  }
  std::string_view rest = text.substr(end_of_name + 2);
  // Fields from proc(5): 3 state, 4 ppid, 5 pgrp, 6 session, 7 tty_nr, ..., 22 starttime.
  ProcStat stat;
  std::int64_t tty = 0;  // printed as a signed int
  for (int field = 3; field <= 22; ++field) {
    const std::string_view word = take_until(rest, ' ');
    const bool well_formed = field == 4    ? parse_number(word, stat.parent)
                             : field == 6  ? parse_number(word, stat.leader)
                             : field == 7  ? parse_number(word, tty)
                             : field == 22 ? parse_number(word, stat.start)
                                           : !word.empty();
    if (!well_formed) return failure(Errc::Malformed, "stat field");
  }
  stat.tty = decode_device(static_cast<std::uint32_t>(tty));
  return stat;
}

Result<ProcStatus> parse_status(std::string_view text) {
  ProcStatus status;
  gid_t real_gid = 0;
  bool have_uid = false;
  bool have_gid = false;
  bool have_groups = false;
  bool have_pids = false;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view key = take_until(line, ':');
    if (key == "Uid") {
      have_uid = parse_first(line, status.real_uid);
    } else if (key == "Gid") {
      have_gid = parse_first(line, real_gid);
    } else if (key == "Groups") {
      have_groups = true;
      for (const std::string_view word : words_of(line)) {
        if (!parse_number(word, status.groups.emplace_back())) have_groups = false;
      }
    } else if (key == "NSpid") {
      const std::size_t pids = words_of(line).size();
      have_pids = pids > 0;
      status.nested_pid_namespace = pids != 1;
    }
  }
  if (!have_uid || !have_gid || !have_groups || !have_pids) {
    return failure(Errc::Malformed, "status without Uid, Gid, Groups or NSpid");
  }
  status.groups.push_back(real_gid);
  return status;
}

CgroupPlace parse_cgroup(std::string_view text) {
  CgroupPlace place;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (!line.starts_with("0::/")) continue;  // a v1 hierarchy: logind does not use it for sessions
    line.remove_prefix(4);
    if (take_until(line, '/') != "user.slice") break;
    const std::string_view user = between("user-", take_until(line, '/'), ".slice");
    uid_t uid = kNoUid;
    if (!parse_number(user, uid)) break;
    place.owner = uid;
    const std::string_view unit = take_until(line, '/');
    place.login_session = between("session-", unit, ".scope");
    if (between("user@", unit, ".service") == user) place.manager = uid;
    break;
  }
  return place;
}

Result<std::optional<std::uint32_t>> parse_audit_number(std::string_view text) {
  std::uint32_t number = 0;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!parse_number(text, number)) return failure(Errc::Malformed, "audit number");
  if (number == 0xffff'ffff) return std::optional<std::uint32_t>();
  return std::optional(number);
}

}  // namespace stepup::session
