// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/verification.h"

#include <fido.h>

#include <algorithm>
#include <expected>
#include <utility>

#include "stepupd/fido2_helper/errand.h"
#include "stepupd/fido2_helper/failures.h"

namespace stepup::fido2_helper {
namespace {

using wire::CeremonyFailed;
using wire::CeremonyFailure;
using wire::CeremonyStage;
using Failure = std::optional<CeremonyFailed>;

constexpr std::size_t kShortestPin = 4;  // CTAP 2.1, 6.5.1
// A key blocks itself for good after eight wrong ones, over days and programs: the last ones are
// the person's to spend where the key can be managed.
constexpr int kTriesKept = 3;
constexpr BootTime kScanInterval = std::chrono::milliseconds(250);
constexpr std::chrono::milliseconds kGrace(150);

// One key, and what all that is asked of it has in common.
class Verification {
 public:
  Verification(Port& port, std::shared_ptr<Key> key, BootTime deadline, const Deed& deed)
      : port_(port), key_(std::move(key)), deadline_(deadline), deed_(deed) {}
  Verification(const Verification&) = delete;
  Verification& operator=(const Verification&) = delete;

  Failure by_touch();
  Failure by_fingerprint_or_pin();

 private:
  using Answer = std::expected<int, CeremonyFailed>;  // a FIDO_ERR_* value of the key's

  // Runs `call` on a thread; `blinking` is what to tell when the key begins to wait for a touch.
  Answer run(Errand::Call call, std::optional<CeremonyStage> blinking = {});
  Answer act(Means means, const SecretBytes& pin);
  Answer scan_finger();
  Failure by_pin();

  Port& port_;
  std::shared_ptr<Key> key_;
  BootTime deadline_;
  const Deed& deed_;
};

// Nothing at all is no PIN, and libfido2 reads to the first NUL.
bool is_text(const SecretBytes& pin) {
  return !pin.empty() && std::ranges::find(pin.view(), 0) == pin.view().end();
}

Verification::Answer Verification::run(Errand::Call call, std::optional<CeremonyStage> blinking) {
  Errand errand(port_.attention(), std::move(call));
  while (!errand.finished()) {
    if (!port_.wait(boot_now() + kScanInterval)) {
      key_->stop();
      errand.leave(std::chrono::steady_clock::now() + kGrace);
      return std::unexpected(CeremonyFailed{CeremonyFailure::Cancelled, ""});
    }
    if (blinking && key_->touch_awaited()) port_.tell(*blinking);
  }
  const int result = errand.take();
  if (result == FIDO_OK) return result;
  if (key_->gone()) return std::unexpected(CeremonyFailed{CeremonyFailure::Unplugged, ""});
  if (boot_now() >= deadline_) {
    return std::unexpected(CeremonyFailed{CeremonyFailure::TimedOut, ""});
  }
  return result;
}

// Does the deed, again and again while the key's own patience is shorter than ours.
Verification::Answer Verification::act(Means means, const SecretBytes& pin) {
  const auto stage =
      means == Means::Fingerprint ? CeremonyStage::UvWanted : CeremonyStage::TouchWanted;
  if (means != Means::Pin) port_.tell(stage);
  for (;;) {
    const BootTime asked = boot_now();
    auto shared = std::make_shared<SecretBytes>(pin.copy());
    auto result = run(
        [key = key_, deed = deed_, means, shared] { return deed(*key, means, *shared); }, stage);
    if (!result || !waited_in_vain(*result, asked)) return result;
  }
}

Failure Verification::by_touch() {
  const auto result = act(Means::Touch, {});
  if (!result) return result.error();
  if (*result == FIDO_OK) return std::nullopt;
  return wants_verification(*result) ? by_fingerprint_or_pin() : Failure(failed(*result));
}

// FIDO_OK, or why the fingerprint reader is of no more use.
Verification::Answer Verification::scan_finger() {
  for (;;) {
    const auto result = act(Means::Fingerprint, {});
    if (!result || *result != FIDO_ERR_UV_INVALID) return result;
    auto left = std::make_shared<int>(0);
    const auto counted = run([key = key_, left, deadline = deadline_] {
      return key->count_fingerprint_tries(*left, deadline);
    });
    if (!counted) return counted;
    if (*counted != FIDO_OK || *left <= 0) return FIDO_ERR_UV_BLOCKED;
    port_.tell(CeremonyStage::UvRefused);
  }
}

Failure Verification::by_fingerprint_or_pin() {
  const Abilities& able = key_->abilities();
  if (able.fingerprint) {
    const auto result = scan_finger();
    if (!result) return result.error();
    if (*result == FIDO_OK) return std::nullopt;
    const bool worn_out = *result == FIDO_ERR_UV_BLOCKED || wants_verification(*result);
    if (!worn_out) return failed(*result);
    if (!able.pin) return failed(FIDO_ERR_UV_BLOCKED);
  }
  if (!able.pin) return CeremonyFailed{CeremonyFailure::PinNotSet, ""};
  return by_pin();
}

Failure Verification::by_pin() {
  bool was_wrong = false;
  for (;;) {
    auto left = std::make_shared<int>(0);
    const auto counted = run(
        [key = key_, left, deadline = deadline_] { return key->count_pin_tries(*left, deadline); });
    if (!counted) return counted.error();
    if (*counted != FIDO_OK) return failed(*counted);
    if (*left <= 0) return failed(FIDO_ERR_PIN_BLOCKED);
    if (*left <= kTriesKept) return CeremonyFailed{CeremonyFailure::PinNearlyBlocked, ""};

    std::optional<SecretBytes> pin;
    do {
      pin = port_.ask_pin(*left, was_wrong, deadline_);
      if (!pin && boot_now() >= deadline_) return CeremonyFailed{CeremonyFailure::TimedOut, ""};
      if (!pin || !is_text(*pin)) return CeremonyFailed{CeremonyFailure::Cancelled, ""};
      was_wrong = true;
    } while (pin->size() < kShortestPin);  // no key has such a one; sending it would cost a try

    SecretBytes text(pin->size() + 1);
    std::ranges::copy(pin->view(), text.bytes().begin());
    const auto result = act(Means::Pin, text);
    if (!result) return result.error();
    if (*result == FIDO_OK) return std::nullopt;
    if (*result != FIDO_ERR_PIN_INVALID) return failed(*result);
  }
}

}  // namespace

Failure do_by_touch(Port& port, const std::shared_ptr<Key>& key, BootTime deadline,
                    const Deed& deed) {
  return Verification(port, key, deadline, deed).by_touch();
}

Failure do_verified(Port& port, const std::shared_ptr<Key>& key, BootTime deadline,
                    const Deed& deed) {
  return Verification(port, key, deadline, deed).by_fingerprint_or_pin();
}

}  // namespace stepup::fido2_helper
