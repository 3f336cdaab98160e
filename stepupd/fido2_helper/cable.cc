// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/cable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace stepup::fido2_helper {
namespace {

// CTAP 2.1, section 11.2: a report is a channel, then a command with its highest bit set, a length
// and the beginning of the message, or a sequence number and more of it.
constexpr std::size_t kReport = 64;
constexpr std::size_t kCommandAt = 4;
constexpr std::size_t kMessageAt = 7;
constexpr unsigned char kCbor = 0x90;
constexpr unsigned char kCancel = 0x91;
constexpr unsigned char kKeepalive = 0xbb;
constexpr unsigned char kError = 0xbf;
constexpr unsigned char kErrorChannelBusy = 0x06;
constexpr unsigned char kMakeCredential = 0x01;
constexpr unsigned char kGetAssertion = 0x02;

// How long a key may take to say that it has stopped.
constexpr BootTime kGrace = std::chrono::milliseconds(100);

// libfido2 opens by a path and nothing else, so connect() leaves the cable here.
thread_local Cable* connecting = nullptr;

}  // namespace

Result<std::unique_ptr<Cable>> Cable::open(const std::string& path, const Bell& stop,
                                           const Bell& attention) {
  UniqueFd node(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!node) {
    return failure(errno == ENOENT ? Errc::NotFound : Errc::Unreachable, "open", errno);
  }
  struct stat status{};
  if (fstat(node.get(), &status) != 0 || !S_ISCHR(status.st_mode)) {
    return failure(Errc::Untrusted, "not a device");
  }
  if (flock(node.get(), LOCK_EX | LOCK_NB) != 0) {
    return failure(errno == EWOULDBLOCK ? Errc::Busy : Errc::Unreachable, "flock", errno);
  }
  return std::unique_ptr<Cable>(new Cable(std::move(node), stop, attention));
}

int Cable::connect(fido_dev_t* device) {
  const fido_dev_io_t functions{
      .open = [](const char*) -> void* { return connecting; },
      .close = [](void*) {},
      // SAFETY: libfido2 hands back what open gave it.
      .read = [](void* cable, unsigned char* report, std::size_t size,
                 int) { return static_cast<Cable*>(cable)->read(report, size); },
      .write = [](void* cable, const unsigned char* report,
                  std::size_t size) { return static_cast<Cable*>(cable)->write(report, size); },
  };
  if (const int r = fido_dev_set_io_functions(device, &functions); r != FIDO_OK) return r;
  connecting = this;
  const int r = fido_dev_open(device, "cable");
  connecting = nullptr;
  return r;
}

void Cable::set_deadline(BootTime deadline) noexcept {
  deadline_ = deadline;
  touch_awaited_ = false;
  channel_busy_ = false;
}

// Waits for the node; false when there is nothing to wait for any more.
bool Cable::wait(short events) {
  for (;;) {
    const BootTime left = deadline_ - boot_now();
    pollfd watched[] = {
        {.fd = node_.get(), .events = events, .revents = 0},
        {.fd = stop_.fd(),  .events = POLLIN, .revents = 0}
    };
    const nfds_t count = called_off_ ? 1 : 2;
    const int r =
        left > BootTime::zero() ? poll(watched, count, static_cast<int>(left.count())) : 0;
    if (r < 0 && errno != EINTR) return false;
    if (r == 0 || (count == 2 && watched[1].revents != 0)) {
      if (called_off_ || !working_ || events != POLLIN) return false;
      call_off();
    } else if ((watched[0].revents & events) != 0) {
      return true;
    } else if (watched[0].revents != 0) {
      gone_ = true;
      return false;
    }
  }
}

// Tells the key to stop; its answer is waited for a moment, so that none is left for the next
// program.
void Cable::call_off() {
  unsigned char report[1 + kReport] = {};
  memcpy(report + 1, channel_, sizeof channel_);
  report[1 + kCommandAt] = kCancel;
  called_off_ = true;
  deadline_ = boot_now() + kGrace;
  if (::write(node_.get(), report, sizeof report) < 0) gone_ = errno != EAGAIN;
}

// Input is untrusted: whatever was plugged in.
int Cable::read(unsigned char* report, std::size_t size) {
  if (size != kReport || !wait(POLLIN)) return -1;
  const ssize_t n = ::read(node_.get(), report, size);
  if (n == 0 || (n < 0 && errno != EAGAIN)) gone_ = true;
  if (n != static_cast<ssize_t>(kReport)) return -1;  // a report comes whole or is none
  note_received(report);
  return static_cast<int>(n);
}

int Cable::write(const unsigned char* report, std::size_t size) {
  if (called_off_ || size != 1 + kReport || !wait(POLLOUT)) return -1;
  const ssize_t n = ::write(node_.get(), report, size);
  if (n < 0 && errno != EAGAIN) gone_ = true;
  if (n != static_cast<ssize_t>(size)) return -1;
  note_sent(report + 1);
  return static_cast<int>(n);
}

void Cable::note_sent(const unsigned char* report) {
  if ((report[kCommandAt] & 0x80) == 0) return;  // more of a message
  memcpy(channel_, report, sizeof channel_);
  working_ = report[kCommandAt] == kCbor;
  const unsigned char command = report[kMessageAt];
  if (working_ && (command == kMakeCredential || command == kGetAssertion)) {
    touch_awaited_ = true;
    attention_.ring();
  }
}

void Cable::note_received(const unsigned char* report) {
  const unsigned char kind = report[kCommandAt];
  if ((kind & 0x80) == 0 || kind == kKeepalive) return;
  if (memcmp(report, channel_, sizeof channel_) != 0) return;
  working_ = false;
  if (kind == kError && report[kMessageAt] == kErrorChannelBusy) channel_busy_ = true;
}

}  // namespace stepup::fido2_helper
