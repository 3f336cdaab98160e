// SPDX-License-Identifier: ISC
// What logind says of login sessions: that one ended or was locked, or that the host goes to sleep.
// What was proved there ends with it.
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/c_handle.h"
#include "stepupd/daemon/grant_ledger.h"
#include "stepupd/daemon/io_source.h"

namespace stepup::daemon {

// Closed without flushing what waits, which would wait for the other end.
using Bus = CHandle<sd_bus, &sd_bus_close_unref>;

class SessionWatch {
 public:
  // Opens a connection to the bus, which may be at its beginning; or fails.
  using Open = std::function<Result<Bus>()>;
  // The audit session of a process; nothing where it has none.
  using AuditSessionOf = std::function<std::optional<std::uint32_t>(pid_t)>;

  SessionWatch(GrantLedger& ledger, Open open, AuditSessionOf audit_session_of)
      : ledger_(ledger), open_(std::move(open)), audit_session_of_(std::move(audit_session_of)) {}
  SessionWatch(const SessionWatch&) = delete;
  SessionWatch& operator=(const SessionWatch&) = delete;

  // Begins to watch.  When grants or logins were taken over from an earlier stepupd, waits up to
  // two seconds for the first look at all sessions: until then they would be of no use.
  Status start(sd_event* loop);

  // Whether all sessions are known as they are now.
  [[nodiscard]] bool sees() const noexcept { return state_ == State::Sees; }

 private:
  // The bus, or logind on it, was lost at Blind: what was proved before is set aside until all
  // sessions were looked at anew, and forgotten after ten seconds.
  enum class State : std::uint8_t { Blind, Looks, Sees };

  struct Seen {
    std::string id;
    SessionKey key;
    uid_t user = kNoUid;
    bool looked_at = false;
  };

  void connect();
  Status subscribe();
  Status look_at_all();
  Status look_at(const std::string& path);
  void sees_all();
  void lost(const char* why);
  void forget_what_was_set_aside();

  void on_list(sd_bus_message* reply);
  void on_properties(sd_bus_message* reply);
  void on_signal(sd_bus_message* signal);
  void on_changed(const std::string& path, sd_bus_message* signal);
  [[nodiscard]] std::optional<std::uint32_t> audit_session_of(std::uint32_t told,
                                                              std::uint32_t leader) const;
  void ended(const std::string& id, const std::string& path);
  void locked(const std::string& path);

  template <void (SessionWatch::*kHandler)(sd_bus_message*)>
  static int dispatch(sd_bus_message* message, void* self, sd_bus_error*) noexcept;

  GrantLedger& ledger_;
  Open open_;
  AuditSessionOf audit_session_of_;
  sd_event* loop_ = nullptr;
  State state_ = State::Blind;
  std::string logind_;  // its unique name on the bus: signals of others are not its own
  std::map<std::string, Seen> seen_;  // by object path
  std::set<std::string> to_lock_;     // paths whose lock was told before they were looked at
  std::size_t awaited_ = 0;           // answers, while it Looks
  bool told_ = false;                 // that the bus was lost, and what was proved is set aside
  TimerSource retry_;
  TimerSource patience_;
  Bus bus_;  // last: its callbacks use everything above
};

// The bus of the host (sd_bus_open_system(3)); fails also where logind does not run.
[[nodiscard]] Result<Bus> open_system_bus();

}  // namespace stepup::daemon
