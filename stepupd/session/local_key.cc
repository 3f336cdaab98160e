// SPDX-License-Identifier: ISC
#include "stepupd/session/local_key.h"

#include <stdlib.h>
#include <systemd/sd-login.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "stepupd/base/small_file.h"

namespace stepup::session {
namespace {

constexpr int kMaxAncestors = 64;

using CString = std::unique_ptr<char, decltype(&free)>;

LoginPlace place_of(const char* session) {
  LoginPlace place;
  if (const int r = sd_session_is_remote(session); r >= 0) place.remote = r > 0;
  place.has_seat = has_seat(session);
  return place;
}

// What user@UID.service itself has since systemd 256: nobody logged in there.
bool is_of_manager(const char* session) {
  char* raw = nullptr;
  const int r = sd_session_get_class(session, &raw);
  const CString name(raw, &free);
  return r >= 0 && std::string_view(raw).starts_with("manager");
}

std::vector<LoginPlace> places_of(uid_t user) {
  char** raw = nullptr;
  const int count = sd_uid_get_sessions(user, 0, &raw);
  std::vector<LoginPlace> places;
  for (int i = 0; i < count; ++i) {
    const CString session(raw[i], &free);
    if (!is_of_manager(session.get())) places.push_back(place_of(session.get()));
  }
  free(raw);  // NOLINT(bugprone-multi-level-implicit-pointer-conversion)
  return places;
}

// sshd renames itself per connection and session, but its comm stays.
std::optional<bool> is_sshd(pid_t pid) {
  const auto comm = read_small_file(("/proc/" + std::to_string(pid) + "/comm").c_str(), 64);
  return comm ? std::optional(comm->starts_with("sshd")) : std::nullopt;
}

}  // namespace

bool has_seat(const char* session) {
  char* raw = nullptr;
  const bool known = sd_session_get_seat(session, &raw) >= 0;
  const CString seat(raw, &free);
  return known;
}

std::optional<bool> has_sshd_ancestor(pid_t pid) {
  for (int i = 0; i < kMaxAncestors; ++i) {
    const auto sshd = is_sshd(pid);
    if (sshd != false) return sshd;
    const auto stat = read_stat(pid);
    if (!stat) return std::nullopt;
    if (stat->parent <= 1) return false;
    pid = stat->parent;
  }
  return std::nullopt;
}

bool offers_local_key(const KeyPlace& place) {
  if (place.rhost_is_set || place.has_sshd_ancestor) return false;
  const auto is_here = [](const LoginPlace& login) {
    return login.remote == false && login.has_seat;
  };
  if (place.own) return is_here(*place.own);
  const auto all_here = [&](const std::vector<LoginPlace>& logins) {
    return !logins.empty() && std::ranges::all_of(logins, is_here);
  };
  return all_here(place.subjects) && all_here(place.askers);
}

KeyPlace read_key_place(pid_t pid, const Asker& asker, uid_t subject, const std::string& rhost) {
  KeyPlace place;
  place.rhost_is_set = !rhost.empty();
  place.has_sshd_ancestor = has_sshd_ancestor(pid).value_or(true);
  if (!asker.login_session.empty()) {
    place.own = place_of(asker.login_session.c_str());
  } else {
    place.subjects = places_of(subject);
    if (asker.real_uid != 0) place.askers = places_of(asker.real_uid);
  }
  return place;
}

}  // namespace stepup::session
