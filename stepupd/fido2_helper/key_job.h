// SPDX-License-Identifier: ISC
// One security key, worked on by a thread of its own, because libfido2 blocks until it is touched.
#pragma once

#include <fido.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/fido2_helper/key_finder.h"
#include "stepupd/fido2_helper/operation.h"

namespace stepup::fido2_helper {

// What a key's thread says.
struct Report {
  enum class Kind : std::uint8_t {
    Unfit,        // it holds no wanted credential; its thread ends
    Ready,        // it could serve, and waits for an order
    Selected,     // it was touched, of several
    TouchWanted,  // after a PIN: as soon as that is found to be right
    UvWanted,
    UvRefused,
    PinWanted,  // it waits for give_pin()
    Done,       // with evidence; its thread ends
    Failed,     // its thread ends
  };
  Kind kind = Kind::Failed;
  dev_t key = 0;
  wire::PinWanted pin = {};       // PinWanted
  Evidence evidence = {};         // Done
  wire::CeremonyFailed why = {};  // Failed
  bool after_pin = false;         // TouchWanted
};

// From the threads to the loop.
class Reports {
 public:
  Reports();
  void post(Report report);
  [[nodiscard]] std::vector<Report> drain();
  [[nodiscard]] int fd() const noexcept { return event_.get(); }

 private:
  std::mutex mutex_;
  std::vector<Report> waiting_;
  UniqueFd event_;
};

// What an error of libfido2 means.  `gone`: the device is not there any more.
[[nodiscard]] wire::CeremonyFailed failure_of(int code, bool gone, bool late);

class KeyJob {
 public:
  enum class Order : std::uint8_t { None, Go, Select };

  KeyJob(FoundKey key, const Operation& operation, Reports& reports, BootTime deadline);
  ~KeyJob();
  KeyJob(const KeyJob&) = delete;
  KeyJob& operator=(const KeyJob&) = delete;

  // The answer to Ready: go on, or first wait for a touch that selects this key.
  void order(Order order);
  // The answer to PinWanted.
  void give_pin(SecretBytes pin);
  // Ends it: the key stops blinking.  Nothing is reported any more.
  void stop();

  [[nodiscard]] const FoundKey& key() const noexcept { return key_; }

 private:
  void run();
  bool open();
  bool await_order();
  bool await_selection();
  void serve();
  std::optional<bool> serve_with_uv();
  std::optional<bool> serve_with_pin(bool& was_wrong);
  std::optional<SecretBytes> await_pin(wire::PinWanted wanted);
  Attempt attempt(const char* pin, bool uv);
  void end(Attempt attempt);
  void report(Report report);
  void fail(wire::CeremonyFailed why);
  [[nodiscard]] bool late() const;

  FoundKey key_;
  const Operation& operation_;
  Reports& reports_;
  BootTime deadline_;

  std::mutex mutex_;  // of what follows
  std::condition_variable told_;
  bool stopped_ = false;
  Order order_ = Order::None;
  std::optional<SecretBytes> pin_;
  fido_dev_t* device_ = nullptr;  // set and freed by the thread; others may only cancel

  std::thread thread_;  // last
};

}  // namespace stepup::fido2_helper
