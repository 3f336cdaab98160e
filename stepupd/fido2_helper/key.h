// SPDX-License-Identifier: ISC
// One security key, open.  Its calls block, and one at a time may run; stop() ends it.
#pragma once

#include <fido.h>

#include <memory>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/c_handle.h"
#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/fido2_helper/cable.h"
#include "stepupd/fido2_helper/key_finder.h"
#include "stepupd/wire/helper_messages.h"

namespace stepup::fido2_helper {

// How a key gets to know that its user is there, or who that is.
enum class Means : std::uint8_t {
  Touch,
  Fingerprint,  // or whatever reader is built into it
  Pin,
};

// What a key says of itself.
struct Abilities {
  bool fido2 = false;  // else it knows U2F only
  bool discoverable = false;
  bool fingerprint = false;  // enrolled
  bool pin = false;          // set
  bool verifies_always = false;
  bool makes_without_verifying = false;  // credentials, although a PIN or a fingerprint is set
  std::vector<int> algorithms;           // COSE numbers; empty when it does not tell
};

class Key {
 public:
  explicit Key(FoundKey where, const Bell& attention)
      : where_(std::move(where)), attention_(attention) {}

  // All of the following return a FIDO_ERR_* value, and FIDO_ERR_RX or _TX after stop() or
  // `deadline`.  Those that a person has to answer blink until then.

  // Opens the key.  Whatever open_error() says is more to the point than the returned value.
  [[nodiscard]] int open(BootTime deadline);

  // Looks silently for one of `ids`: held() has it then, and is empty when the key has none.
  [[nodiscard]] int find(const std::string& rp_id, const std::vector<wire::Bytes>& ids,
                         BootTime deadline);

  // Signs with the credential held(); assertion() has the result.  `pin` only with Means::Pin, and
  // with NUL at its end.
  [[nodiscard]] int sign(const wire::Ceremony& ceremony, Means means, const SecretBytes& pin,
                         BootTime deadline);

  // Makes a credential; credential() has it.
  [[nodiscard]] int make(const wire::MakeCredentialRequest& request, Means means,
                         const SecretBytes& pin, BootTime deadline);

  // Waits for a touch that means nothing but this key.
  [[nodiscard]] int wait_for_touch(BootTime deadline);

  [[nodiscard]] int count_pin_tries(int& left, BootTime deadline);
  [[nodiscard]] int count_fingerprint_tries(int& left, BootTime deadline);

  // From any thread, also while it is being opened.
  void stop() const noexcept { stop_.ring(); }

  [[nodiscard]] const FoundKey& where() const noexcept { return where_; }
  [[nodiscard]] const Abilities& abilities() const noexcept { return abilities_; }
  [[nodiscard]] const wire::Bytes& held() const noexcept { return held_; }
  [[nodiscard]] const Status& open_error() const noexcept { return open_error_; }
  [[nodiscard]] const wire::Assertion& assertion() const noexcept { return assertion_; }
  [[nodiscard]] const wire::NewCredential& credential() const noexcept { return credential_; }
  [[nodiscard]] bool gone() const noexcept { return cable_ && cable_->gone(); }
  [[nodiscard]] bool used_elsewhere() const noexcept { return cable_ && cable_->channel_busy(); }
  [[nodiscard]] bool touch_awaited() const noexcept { return cable_ && cable_->touch_awaited(); }

 private:
  static void release(fido_dev_t* device) noexcept {
    (void)fido_dev_close(device);  // which fails for one that is not open
    fido_dev_free(&device);
  }

  int read_abilities();

  FoundKey where_;
  const Bell& attention_;
  Bell stop_;
  Status open_error_;
  std::unique_ptr<Cable> cable_;
  CHandle<fido_dev_t, &release> device_;  // after the cable, which it uses to its end
  Abilities abilities_;
  wire::Bytes held_;
  wire::Assertion assertion_;
  wire::NewCredential credential_;
};

}  // namespace stepup::fido2_helper
