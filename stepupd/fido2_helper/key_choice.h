// SPDX-License-Identifier: ISC
// From all the keys that are plugged in, or will be, to the one that its owner touches.
#pragma once

#include <expected>
#include <functional>
#include <memory>

#include "stepupd/base/boot_time.h"
#include "stepupd/fido2_helper/key.h"
#include "stepupd/fido2_helper/port.h"
#include "stepupd/wire/helper_messages.h"

namespace stepup::fido2_helper {

// What a key can do for a ceremony.
enum class Fitness : std::uint8_t {
  Unfit,
  Serves,     // its touch is all that is needed
  NeedsMore,  // it has to be chosen before more is asked for
};

struct Plan {
  // Whether this key is of use.  On the key's thread, and in silence; a FIDO_ERR_* value.
  std::function<int(Key&, Fitness&)> look;
  // What a touch of a key that Serves does.  On the key's thread; a FIDO_ERR_* value.
  std::function<int(Key&)> serve;
};

struct Choice {
  std::shared_ptr<Key> key;
  bool served = false;  // Plan::serve was successful
};

// Waits for keys until one is chosen; a touch chooses where several could be meant.  Keys that are
// of no use are closed at once, and none but the chosen one is open at the end.
[[nodiscard]] std::expected<Choice, wire::CeremonyFailed> choose_key(Port& port,
                                                                     const wire::Ceremony& ceremony,
                                                                     BootTime deadline,
                                                                     const Plan& plan);

}  // namespace stepup::fido2_helper
