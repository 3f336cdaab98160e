// SPDX-License-Identifier: ISC
#include "stepupd/base/accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#include "stepupd/base/c_handle.h"

namespace stepup {
namespace {

constexpr std::size_t kMaxEntry = 8 * 1024 * 1024;  // a group with very many members
constexpr int kMaxGroups = 65536;                   // of one process (NGROUPS_MAX)

// Calls one of the get*_r functions with a buffer that grows as it asks (getpwnam(3)).
template <typename Entry, typename Call>
Result<Entry> look_up_entry(std::vector<char>& buffer, Call call) {
  for (std::size_t size = 16 * 1024; size <= kMaxEntry; size *= 4) {
    buffer.resize(size);
    Entry entry{};
    Entry* found = nullptr;
    const int error = call(&entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (found != nullptr) return entry;
    // The manual lists these as ways in which an implementation says "no such entry".
    if (error == 0 || error == ENOENT || error == ESRCH) {
      return failure(Errc::NotFound, "no such account", error);
    }
    return failure(Errc::Unreachable, "name service", error);
  }
  return failure(Errc::TooLarge, "account entry", ERANGE);
}

Result<passwd> entry_named(std::vector<char>& buffer, const std::string& name) {
  return look_up_entry<passwd>(buffer,
                               [&](auto... args) { return getpwnam_r(name.c_str(), args...); });
}

Subject subject_of(const passwd& entry) { return {entry.pw_uid, entry.pw_name}; }

}  // namespace

Result<Subject> account_of(uid_t uid) {
  std::vector<char> buffer;
  const auto entry =
      look_up_entry<passwd>(buffer, [&](auto... args) { return getpwuid_r(uid, args...); });
  if (!entry) return std::unexpected(entry.error());
  return subject_of(*entry);
}

Result<Subject> account_of(const std::string& name) {
  std::vector<char> buffer;
  const auto entry = entry_named(buffer, name);
  if (!entry) return std::unexpected(entry.error());
  return subject_of(*entry);
}

Result<Group> group_named(const std::string& name) {
  std::vector<char> buffer;
  const auto entry =
      look_up_entry<group>(buffer, [&](auto... args) { return getgrnam_r(name.c_str(), args...); });
  if (!entry) return std::unexpected(entry.error());
  Group found{entry->gr_gid, {}};
  // SAFETY: gr_mem ends with a null pointer (getgrnam(3)).
  for (char** member = entry->gr_mem; *member != nullptr; ++member) {
    found.members.emplace_back(*member);
  }
  return found;
}

std::optional<std::vector<gid_t>> groups_of(const std::string& name) {
  std::vector<char> buffer;
  const auto entry = entry_named(buffer, name);
  if (!entry) return std::nullopt;
  int count = kMaxGroups;
  std::vector<gid_t> groups(kMaxGroups);
  if (getgrouplist(name.c_str(), entry->pw_gid, groups.data(), &count) < 0) return std::nullopt;
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

std::map<std::string, LocalAccount> read_local_accounts() {
  std::map<std::string, LocalAccount> accounts;
  const CHandle<FILE, &fclose> file(fopen("/etc/passwd", "re"));
  std::vector<char> buffer(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  while (file && fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0) {
    accounts[entry.pw_name] = {entry.pw_uid, entry.pw_gid};
  }
  return accounts;
}

}  // namespace stepup
