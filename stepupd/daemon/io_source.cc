// SPDX-License-Identifier: ISC
#include "stepupd/daemon/io_source.h"

#include <time.h>

#include <utility>

namespace stepup::daemon {
namespace {

constexpr std::uint64_t kAccuracyUs = 10'000;

// Runs `body` and turns an exception into the error that stops the loop.
template <typename Body>
int guarded(Body body) noexcept {
  try {
    body();
    return 0;
  } catch (...) {
    return -EIO;
  }
}

}  // namespace

Status IoSource::start(sd_event* loop, int fd, std::uint32_t events, Handler handler) {
  handler_ = std::move(handler);
  sd_event_source* raw = nullptr;
  if (const int r = sd_event_add_io(loop, &raw, fd, events, &dispatch, this); r < 0) {
    return failure(Errc::Internal, "sd_event_add_io", -r);
  }
  source_.reset(raw);
  (void)sd_event_source_set_exit_on_failure(raw, 1);
  return {};
}

void IoSource::enable(bool on) noexcept {
  (void)sd_event_source_set_enabled(source_.get(), on ? SD_EVENT_ON : SD_EVENT_OFF);
}

int IoSource::dispatch(sd_event_source*, int, std::uint32_t revents, void* self) noexcept {
  // A copy, because the handler may destroy its source.
  return guarded([&] { Handler(static_cast<IoSource*>(self)->handler_)(revents); });
}

Status TimerSource::start(sd_event* loop, Handler handler) {
  handler_ = std::move(handler);
  sd_event_source* raw = nullptr;
  if (const int r =
          sd_event_add_time_relative(loop, &raw, CLOCK_BOOTTIME, 0, kAccuracyUs, &dispatch, this);
      r < 0) {
    return failure(Errc::Internal, "sd_event_add_time", -r);
  }
  source_.reset(raw);
  (void)sd_event_source_set_exit_on_failure(raw, 1);
  disarm();
  return {};
}

void TimerSource::arm(BootTime delay) noexcept {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(delay).count();
  (void)sd_event_source_set_time_relative(source_.get(), static_cast<std::uint64_t>(us));
  (void)sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
}

void TimerSource::disarm() noexcept {
  (void)sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
}

bool TimerSource::is_armed() const noexcept {
  return sd_event_source_get_enabled(source_.get(), nullptr) > 0;
}

int TimerSource::dispatch(sd_event_source*, std::uint64_t, void* self) noexcept {
  return guarded([&] { Handler(static_cast<TimerSource*>(self)->handler_)(); });
}

Status DeferredSource::start(sd_event* loop, Handler handler) {
  handler_ = std::move(handler);
  sd_event_source* raw = nullptr;
  if (const int r = sd_event_add_defer(loop, &raw, &dispatch, this); r < 0) {
    return failure(Errc::Internal, "sd_event_add_defer", -r);
  }
  source_.reset(raw);
  (void)sd_event_source_set_exit_on_failure(raw, 1);
  (void)sd_event_source_set_enabled(raw, SD_EVENT_OFF);
  return {};
}

void DeferredSource::arm() noexcept {
  (void)sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
}

int DeferredSource::dispatch(sd_event_source*, void* self) noexcept {
  return guarded([&] { static_cast<DeferredSource*>(self)->handler_(); });
}

Status SignalSource::start(sd_event* loop, int signal, Handler handler) {
  handler_ = std::move(handler);
  sd_event_source* raw = nullptr;
  if (const int r = sd_event_add_signal(loop, &raw, signal, &dispatch, this); r < 0) {
    return failure(Errc::Internal, "sd_event_add_signal", -r);
  }
  source_.reset(raw);
  (void)sd_event_source_set_exit_on_failure(raw, 1);
  return {};
}

int SignalSource::dispatch(sd_event_source*, const signalfd_siginfo*, void* self) noexcept {
  return guarded([&] { static_cast<SignalSource*>(self)->handler_(); });
}

}  // namespace stepup::daemon
