// SPDX-License-Identifier: ISC
// One ceremony of stepup-fido2-helper, seen from our end of helper.sock.  What comes out of it is
// untrusted: fido2_verification judges it.
#pragma once

#include <coroutine>
#include <deque>
#include <string>
#include <variant>

#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/daemon/io_source.h"
#include "stepupd/wire/helper_messages.h"
#include "stepupd/wire/packet.h"

namespace stepup::daemon {

// An Error means the helper: not there, silent, gone, or speaking nonsense.
using CeremonyEvent = std::variant<wire::CeremonyProgress, wire::PinWanted, wire::Assertion,
                                   wire::NewCredential, wire::CeremonyFailed, Error>;

class Fido2Ceremony {
 public:
  Fido2Ceremony() = default;
  Fido2Ceremony(const Fido2Ceremony&) = delete;
  Fido2Ceremony& operator=(const Fido2Ceremony&) = delete;

  // Sends `request` (AssertRequest or MakeCredentialRequest) to the helper at `socket`.  A failure
  // is the first event.  Call once.
  template <typename Request>
  void begin(sd_event* loop, const std::string& socket, const Request& request) {
    if (!open(loop, socket)) return;
    send(request);
  }

  // co_await ceremony.next(): the next event.  After a last one (evidence, CeremonyFailed, an
  // Error) there is only CeremonyFailed with Cancelled.
  class Next {
   public:
    explicit Next(Fido2Ceremony& ceremony) : ceremony_(ceremony) {}
    [[nodiscard]] bool await_ready() const noexcept {
      return ceremony_.ended_ || ceremony_.has_event();
    }
    void await_suspend(std::coroutine_handle<> dialogue) { ceremony_.waiter_ = dialogue; }
    CeremonyEvent await_resume() { return ceremony_.take(); }

   private:
    Fido2Ceremony& ceremony_;
  };
  Next next() { return Next(*this); }
  [[nodiscard]] bool has_event() const noexcept { return !events_.empty(); }

  // The answer to PinWanted.  Longer than kMaxPin cannot be one, and cancels.
  void answer_pin(const SecretBytes& pin);

  // Ends the ceremony at both ends: the key stops blinking, next() returns Cancelled at once.
  void cancel();

 private:
  bool open(sd_event* loop, const std::string& socket);
  template <typename Message>
  void send(const Message& message) {
    const auto packet = wire::encode(request_id_, message);
    send_encoded(packet);
  }
  void send_encoded(const Result<SecretBytes>& packet);
  void receive();
  void push(CeremonyEvent event);
  void fail(const Error& error);
  void wake();
  CeremonyEvent take();

  UniqueFd fd_;
  wire::RequestId request_id_{};
  std::deque<CeremonyEvent> events_;
  std::coroutine_handle<> waiter_;
  bool ended_ = false;
  IoSource source_;
  TimerSource silence_;
};

}  // namespace stepup::daemon
