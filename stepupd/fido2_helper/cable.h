// SPDX-License-Identifier: ISC
// The way to one key: reports to and from a hidraw node, for libfido2.
//
// libfido2's own functions wait 12 s for a key that another program has locked, cannot be called
// off from another thread, and do not tell a key that is gone from one that talks nonsense.
#pragma once

#include <fido.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/fido2_helper/bell.h"

namespace stepup::fido2_helper {

class Cable {
 public:
  // Opens the node and locks it, as libfido2 and its friends do among each other.  Once `stop`
  // rings, what the key works on is called off (CTAPHID_CANCEL, so that it stops blinking), for
  // good; `attention` is rung when touch_awaited() becomes true.  Fails with Busy (another program
  // has the lock), NotFound, Untrusted (no character device), Unreachable (sys_errno tells).
  [[nodiscard]] static Result<std::unique_ptr<Cable>> open(const std::string& path,
                                                           const Bell& stop, const Bell& attention);

  // Opens `device` over this cable, which must outlive it.  Returns a FIDO_ERR_* value.
  [[nodiscard]] int connect(fido_dev_t* device);

  // The same as `stop` happens at this time.  Each new task sets it.
  void set_deadline(BootTime deadline) noexcept;

  // A command that waits for a person is with the key.
  [[nodiscard]] bool touch_awaited() const noexcept { return touch_awaited_; }
  // The key was unplugged.
  [[nodiscard]] bool gone() const noexcept { return gone_; }
  // The key answered that another program, which knows nothing of locks, is using it.
  [[nodiscard]] bool channel_busy() const noexcept { return channel_busy_; }

 private:
  Cable(UniqueFd node, const Bell& stop, const Bell& attention)
      : node_(std::move(node)), stop_(stop), attention_(attention) {}

  int read(unsigned char* report, std::size_t size);
  int write(const unsigned char* report, std::size_t size);
  bool wait(short events);
  void call_off();
  void note_sent(const unsigned char* report);
  void note_received(const unsigned char* report);

  UniqueFd node_;
  const Bell& stop_;
  const Bell& attention_;
  BootTime deadline_{};
  unsigned char channel_[4] = {};
  bool working_ = false;     // on a command that can be called off
  bool called_off_ = false;  // and only the answer to that is still waited for
  std::atomic<bool> touch_awaited_ = false;
  std::atomic<bool> gone_ = false;
  std::atomic<bool> channel_busy_ = false;
};

}  // namespace stepup::fido2_helper
