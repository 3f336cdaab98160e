// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/failures.h"

#include <fido.h>

namespace stepup::fido2_helper {

using wire::CeremonyFailure;

// No key waits for less; CTAP 2.1 says 10 s at least.
constexpr BootTime kPatience = std::chrono::seconds(1);

wire::CeremonyFailed failed(int fido_error) {
  switch (fido_error) {
    case FIDO_ERR_PIN_BLOCKED: return {CeremonyFailure::PinBlocked, ""};
    case FIDO_ERR_PIN_AUTH_BLOCKED: return {CeremonyFailure::PinSoftBlocked, ""};
    case FIDO_ERR_PIN_NOT_SET: return {CeremonyFailure::PinNotSet, ""};
    case FIDO_ERR_UV_BLOCKED: return {CeremonyFailure::UvBlocked, ""};
    case FIDO_ERR_CREDENTIAL_EXCLUDED: return {CeremonyFailure::Excluded, ""};
    case FIDO_ERR_PIN_POLICY_VIOLATION:
      return {CeremonyFailure::Unsupported, "its PIN must be changed first: fido2-token -C"};
    case FIDO_ERR_KEY_STORE_FULL:
      return {CeremonyFailure::Unsupported, "it has no room for another credential"};
    case FIDO_ERR_UNSUPPORTED_ALGORITHM:
      return {CeremonyFailure::Unsupported, "it knows neither ES256 nor EdDSA nor RS256"};
    case FIDO_ERR_UNSUPPORTED_OPTION:
    case FIDO_ERR_INVALID_OPTION:
      return {CeremonyFailure::Unsupported, "it cannot do what was asked of it"};
    default: return {CeremonyFailure::Device, fido_strerr(fido_error)};
  }
}

bool wants_verification(int fido_error) noexcept { return fido_error == FIDO_ERR_PIN_REQUIRED; }

bool waited_in_vain(int fido_error, BootTime asked) noexcept {
  if (boot_now() - asked < kPatience) return false;
  return fido_error == FIDO_ERR_ACTION_TIMEOUT || fido_error == FIDO_ERR_USER_ACTION_TIMEOUT ||
         fido_error == FIDO_ERR_TIMEOUT || fido_error == FIDO_ERR_KEEPALIVE_CANCEL;
}

}  // namespace stepup::fido2_helper
