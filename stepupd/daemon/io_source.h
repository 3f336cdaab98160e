// SPDX-License-Identifier: ISC
// sd-event sources as owners: destroying one disables its callback first, so a queued event can
// never reach a dead owner.  Pinned, because sd-event keeps their address.
#pragma once

#include <systemd/sd-event.h>

#include <cstdint>
#include <functional>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/c_handle.h"
#include "stepupd/base/result.h"

namespace stepup::daemon {

using EventLoop = CHandle<sd_event, &sd_event_unref>;
using EventSource = CHandle<sd_event_source, &sd_event_source_disable_unref>;

// Calls a handler each time a descriptor is ready.  A handler that throws stops the loop: that is
// our own bug, and systemd starts us again with nothing granted.
class IoSource {
 public:
  using Handler = std::function<void(std::uint32_t revents)>;

  IoSource() = default;
  IoSource(const IoSource&) = delete;
  IoSource& operator=(const IoSource&) = delete;

  // Starts watching `fd`, which must outlive this source.
  Status start(sd_event* loop, int fd, std::uint32_t events, Handler handler);

  // Stops or resumes watching.
  void enable(bool on) noexcept;

 private:
  static int dispatch(sd_event_source*, int fd, std::uint32_t revents, void* self) noexcept;

  Handler handler_;
  EventSource source_;  // last: dies first
};

// Calls a handler once, some time after each arm().
class TimerSource {
 public:
  using Handler = std::function<void()>;

  TimerSource() = default;
  TimerSource(const TimerSource&) = delete;
  TimerSource& operator=(const TimerSource&) = delete;

  Status start(sd_event* loop, Handler handler);  // disarmed
  void arm(BootTime delay) noexcept;              // CLOCK_BOOTTIME
  void disarm() noexcept;
  [[nodiscard]] bool is_armed() const noexcept;

 private:
  static int dispatch(sd_event_source*, std::uint64_t, void* self) noexcept;

  Handler handler_;
  EventSource source_;
};

// Calls a handler once after each arm(), when the loop comes round: not within whoever armed it.
class DeferredSource {
 public:
  using Handler = std::function<void()>;

  DeferredSource() = default;
  DeferredSource(const DeferredSource&) = delete;
  DeferredSource& operator=(const DeferredSource&) = delete;

  Status start(sd_event* loop, Handler handler);  // disarmed
  void arm() noexcept;

 private:
  static int dispatch(sd_event_source*, void* self) noexcept;

  Handler handler_;
  EventSource source_;
};

// Calls a handler for one signal, which must be blocked in every thread.
class SignalSource {
 public:
  using Handler = std::function<void()>;

  SignalSource() = default;
  SignalSource(const SignalSource&) = delete;
  SignalSource& operator=(const SignalSource&) = delete;

  Status start(sd_event* loop, int signal, Handler handler);

 private:
  static int dispatch(sd_event_source*, const struct signalfd_siginfo*, void* self) noexcept;

  Handler handler_;
  EventSource source_;
};

}  // namespace stepup::daemon
