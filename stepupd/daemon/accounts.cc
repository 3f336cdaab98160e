// SPDX-License-Identifier: ISC
#include "stepupd/daemon/accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <vector>

namespace stepup::daemon {
namespace {

constexpr std::size_t kMaxEntry = 8 * 1024 * 1024;  // a group with very many members

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

Subject subject_of(const passwd& entry) { return {entry.pw_uid, entry.pw_name}; }

}  // namespace

void look_up(policy::Principal& principal) {
  using Lookup = policy::Principal::Lookup;
  principal.id = kNoUid;
  Error why{Errc::NotFound};
  if (principal.kind == policy::Principal::Kind::Group) {
    std::vector<char> buffer;
    const auto entry = look_up_entry<group>(
        buffer, [&](auto... args) { return getgrnam_r(principal.name.c_str(), args...); });
    if (entry) principal.id = entry->gr_gid;
    if (!entry) why = entry.error();
  } else {
    const auto account = account_of(principal.name);
    if (account) principal.id = account->uid;
    if (!account) why = account.error();
  }
  // An errno is also how a service that is down may look, and a rule must not lose its users then.
  const bool surely_absent = why.code == Errc::NotFound && why.sys_errno == 0;
  principal.lookup = principal.id != kNoUid ? Lookup::Found
                     : surely_absent        ? Lookup::Absent
                                            : Lookup::Unknown;
}

Result<Subject> account_of(uid_t uid) {
  std::vector<char> buffer;
  const auto entry =
      look_up_entry<passwd>(buffer, [&](auto... args) { return getpwuid_r(uid, args...); });
  if (!entry) return std::unexpected(entry.error());
  return subject_of(*entry);
}

Result<Subject> account_of(const std::string& name) {
  std::vector<char> buffer;
  const auto entry = look_up_entry<passwd>(
      buffer, [&](auto... args) { return getpwnam_r(name.c_str(), args...); });
  if (!entry) return std::unexpected(entry.error());
  return subject_of(*entry);
}

}  // namespace stepup::daemon
