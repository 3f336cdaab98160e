// SPDX-License-Identifier: ISC
#include "stepupd/daemon/session_watch.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/daemon/audit.h"
#include "stepupd/session/session_key.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;

constexpr BootTime kRetry = 500ms;
constexpr BootTime kRetryWithoutLogind = 10s;
constexpr BootTime kPatience = 10s;  // ARCHITECTURE section 11, Session key
constexpr BootTime kFirstLook = 2s;
constexpr std::uint64_t kCallTimeoutUs = 5'000'000;

constexpr const char* kLogind = "org.freedesktop.login1";
constexpr const char* kManagerPath = "/org/freedesktop/login1";
constexpr const char* kManager = "org.freedesktop.login1.Manager";
constexpr const char* kSession = "org.freedesktop.login1.Session";

constexpr const char* kMatches[] = {
    "type='signal',sender='org.freedesktop.login1',path='/org/freedesktop/login1',"
    "interface='org.freedesktop.login1.Manager'",
    "type='signal',sender='org.freedesktop.login1',"
    "path_namespace='/org/freedesktop/login1/session',"
    "interface='org.freedesktop.login1.Session'",
    "type='signal',sender='org.freedesktop.login1',"
    "path_namespace='/org/freedesktop/login1/session',"
    "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
    "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
    "arg0='org.freedesktop.login1'",
    "type='signal',sender='org.freedesktop.DBus.Local',member='Disconnected'",
};

bool failed(sd_bus_message* reply) { return sd_bus_message_is_method_error(reply, nullptr) > 0; }

// Whether a session had ended before it was looked at.
bool has_ended(sd_bus_message* reply) {
  const sd_bus_error* error = sd_bus_message_get_error(reply);
  return sd_bus_error_has_name(error, "org.freedesktop.login1.NoSuchSession") > 0 ||
         sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT) > 0;
}

std::string_view text_or_none(const char* text) { return text == nullptr ? "" : text; }

// What LockedHint and others say in an array of properties.
struct Properties {
  const char* id = nullptr;
  std::uint32_t audit = 0;
  std::uint32_t leader = 0;
  std::uint32_t user = kNoUid;
  int locked = 0;
};

// Reads "a{sv}"; false when it is something else.
bool read_properties(sd_bus_message* message, Properties& found) {
  if (sd_bus_message_enter_container(message, 'a', "{sv}") < 0) return false;
  int r = 0;
  while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
    const char* name = nullptr;
    if (sd_bus_message_read(message, "s", &name) < 0) return false;
    const std::string_view key = name;
    if (key == "Id") {
      r = sd_bus_message_read(message, "v", "s", &found.id);
    } else if (key == "Audit") {
      r = sd_bus_message_read(message, "v", "u", &found.audit);
    } else if (key == "Leader") {
      r = sd_bus_message_read(message, "v", "u", &found.leader);
    } else if (key == "User") {
      r = sd_bus_message_read(message, "v", "(uo)", &found.user, nullptr);
    } else if (key == "LockedHint") {
      r = sd_bus_message_read(message, "v", "b", &found.locked);
    } else {
      r = sd_bus_message_skip(message, "v");
    }
    if (r < 0 || sd_bus_message_exit_container(message) < 0) return false;
  }
  return r == 0 && sd_bus_message_exit_container(message) >= 0;
}

}  // namespace

template <void (SessionWatch::*kHandler)(sd_bus_message*)>
int SessionWatch::dispatch(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
  (static_cast<SessionWatch*>(self)->*kHandler)(message);
  return 0;
}

Status SessionWatch::start(sd_event* loop) {
  loop_ = loop;
  if (auto started = retry_.start(loop, [this] { connect(); }); !started) return started;
  auto started = patience_.start(loop, [this] { forget_what_was_set_aside(); });
  if (!started) return started;
  connect();
  if (!bus_ || ledger_.empty()) return {};
  // What an earlier stepupd left counts once every session was looked at.
  const BootTime deadline = boot_now() + kFirstLook;
  while (state_ == State::Looks && boot_now() < deadline) {
    const auto left = std::chrono::microseconds(deadline - boot_now()).count();
    if (sd_event_run(loop, static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0))) < 0) break;
  }
  if (state_ != State::Sees) lost("no answer");
  return {};
}

void SessionWatch::connect() {
  bus_.reset();
  auto bus = open_();
  if (!bus) {
    if (bus.error().code == Errc::NotFound && logind_.empty()) {
      retry_.arm(kRetryWithoutLogind);  // a host without logind, or one that is still booting
    } else {
      lost(bus.error().what);
    }
    return;
  }
  bus_ = std::move(*bus);
  state_ = State::Looks;
  auto begun = subscribe();
  if (begun) begun = look_at_all();
  if (!begun) lost(begun.error().what);
}

Status SessionWatch::subscribe() {
  (void)sd_bus_set_method_call_timeout(bus_.get(), kCallTimeoutUs);
  for (const char* match : kMatches) {
    const int r = sd_bus_add_match_async(bus_.get(), nullptr, match,
                                         dispatch<&SessionWatch::on_signal>, nullptr, this);
    if (r < 0) return failure(Errc::Unreachable, "cannot subscribe", -r);
  }
  const int r = sd_bus_attach_event(bus_.get(), loop_, SD_EVENT_PRIORITY_NORMAL);
  if (r < 0) return failure(Errc::Internal, "sd_bus_attach_event", -r);
  return {};
}

Status SessionWatch::look_at_all() {
  const int r =
      sd_bus_call_method_async(bus_.get(), nullptr, kLogind, kManagerPath, kManager, "ListSessions",
                               dispatch<&SessionWatch::on_list>, this, nullptr);
  if (r < 0) return failure(Errc::Unreachable, "cannot ask logind", -r);
  return {};
}

Status SessionWatch::look_at(const std::string& path) {
  const int r = sd_bus_call_method_async(
      bus_.get(), nullptr, kLogind, path.c_str(), "org.freedesktop.DBus.Properties", "GetAll",
      dispatch<&SessionWatch::on_properties>, this, "s", kSession);
  if (r < 0) return failure(Errc::Unreachable, "cannot ask logind", -r);
  return {};
}

void SessionWatch::on_list(sd_bus_message* reply) {
  if (failed(reply)) return lost("logind does not answer");
  logind_ = text_or_none(sd_bus_message_get_sender(reply));
  seen_.clear();
  to_lock_.clear();
  int r = sd_bus_message_enter_container(reply, 'a', "(susso)");
  while (r >= 0) {
    const char* id = nullptr;
    const char* path = nullptr;
    std::uint32_t user = kNoUid;
    r = sd_bus_message_read(reply, "(susso)", &id, &user, nullptr, nullptr, &path);
    if (r == 0) break;
    if (r > 0) seen_[path] = {id, session::key_of_login_session(id), user, false};
  }
  if (r < 0) return lost("logind's list cannot be read");
  awaited_ = seen_.size();
  for (const auto& [path, session] : seen_) {
    if (auto asked = look_at(path); !asked) return lost(asked.error().what);
  }
  if (awaited_ == 0) sees_all();
}

// In a container logind of systemd 257 does not tell what the processes of the session have.
std::optional<std::uint32_t> SessionWatch::audit_session_of(std::uint32_t told,
                                                            std::uint32_t leader) const {
  constexpr std::uint32_t kUnset = 0xffff'ffff;
  if (told != 0 && told != kUnset) return told;
  return leader == 0 ? std::nullopt : audit_session_of_(static_cast<pid_t>(leader));
}

void SessionWatch::on_properties(sd_bus_message* reply) {
  if (failed(reply) && !has_ended(reply)) return lost("logind does not answer");
  if (!failed(reply)) {
    Properties properties;
    if (!read_properties(reply, properties) || properties.id == nullptr) {
      return lost("logind's properties cannot be read");
    }
    const auto found = std::ranges::find_if(
        seen_, [&](const auto& one) { return one.second.id == properties.id; });
    if (found != seen_.end()) {
      Seen& session = found->second;
      if (const auto audit = audit_session_of(properties.audit, properties.leader)) {
        session.key = {SessionKey::Kind::Audit, *audit};
      }
      session.user = properties.user;
      session.looked_at = true;
      if (properties.locked != 0 || to_lock_.erase(found->first) > 0) locked(found->first);
    }
  }
  if (state_ == State::Looks && --awaited_ == 0) sees_all();
}

void SessionWatch::sees_all() {
  std::vector<SessionKey> open;
  open.reserve(seen_.size());
  for (const auto& [path, session] : seen_) open.push_back(session.key);
  ledger_.close_sessions_but(std::move(open));
  ledger_.take_back();
  patience_.disarm();
  told_ = false;
  state_ = State::Sees;
}

void SessionWatch::lost(const char* why) {
  state_ = State::Blind;
  retry_.arm(kRetry);
  if (std::exchange(told_, true)) return;
  audit::trouble({Errc::Unreachable, 0, why},
                 "not seeing when sessions end, so what was proved before does not count");
  ledger_.set_aside(boot_now());
  patience_.arm(kPatience);
}

void SessionWatch::forget_what_was_set_aside() {
  audit::state("logind was not seen again, all earlier grants forgotten");
  ledger_.forget_what_is_aside();
}

void SessionWatch::on_signal(sd_bus_message* signal) {
  const std::string_view sender = text_or_none(sd_bus_message_get_sender(signal));
  const std::string_view member = text_or_none(sd_bus_message_get_member(signal));
  if (member == "Disconnected" && sender == "org.freedesktop.DBus.Local") {
    return lost("the bus was lost");
  }
  if (member == "NameOwnerChanged" && sender == "org.freedesktop.DBus") {
    return lost("logind was lost");
  }
  // SECURITY: anybody may send a signal to us alone, past what we subscribed to.  What was queued
  // before the first list is in it.
  if (logind_.empty() || sender != logind_) return;
  const std::string path(text_or_none(sd_bus_message_get_path(signal)));
  const char* id = nullptr;
  const char* object = nullptr;
  int sleeps = 0;
  if (member == "Lock") {
    locked(path);
  } else if (member == "PropertiesChanged") {
    on_changed(path, signal);
  } else if (member == "PrepareForSleep") {
    if (sd_bus_message_read(signal, "b", &sleeps) < 0 || sleeps == 0) return;
    audit::state("the host goes to sleep, all grants forgotten");
    ledger_.forget_all();
  } else if (member == "SessionNew" || member == "SessionRemoved") {
    if (sd_bus_message_read(signal, "so", &id, &object) < 0) return lost("a signal of logind");
    if (member == "SessionRemoved") return ended(id, object);
    seen_[object] = {id, session::key_of_login_session(id), kNoUid, false};
    if (auto asked = look_at(object); !asked) lost(asked.error().what);
  }
}

void SessionWatch::on_changed(const std::string& path, sd_bus_message* signal) {
  const char* interface = nullptr;
  Properties properties;
  if (sd_bus_message_read(signal, "s", &interface) < 0 || !read_properties(signal, properties)) {
    return lost("a signal of logind");
  }
  if (text_or_none(interface) == kSession && properties.locked != 0) locked(path);
}

void SessionWatch::ended(const std::string& id, const std::string& path) {
  ledger_.close_session(session::key_of_login_session(id));
  const auto found = seen_.extract(path);
  if (!found) return;
  const Seen& session = found.mapped();
  ledger_.close_session(session.key);
  const bool was_the_last =
      std::ranges::none_of(seen_, [&](const auto& one) { return one.second.user == session.user; });
  if (was_the_last) ledger_.forget_session({SessionKey::Kind::Manager, session.user});
}

void SessionWatch::locked(const std::string& path) {
  const auto found = seen_.find(path);
  if (found == seen_.end()) return;  // gone, or not yet listed
  if (!found->second.looked_at) {
    to_lock_.insert(path);
    return;
  }
  // A desktop's terminals run under the user's manager.
  ledger_.forget_session(found->second.key);
  ledger_.forget_session({SessionKey::Kind::Manager, found->second.user});
}

Result<Bus> open_system_bus() {
  // As sd-login(3) advises.
  if (access("/run/systemd/seats/", F_OK) != 0) return failure(Errc::NotFound, "no logind");
  sd_bus* raw = nullptr;
  const int r = sd_bus_open_system(&raw);
  Bus bus(raw);
  if (r < 0) return failure(Errc::Unreachable, "no system bus", -r);
  return bus;
}

}  // namespace stepup::daemon
