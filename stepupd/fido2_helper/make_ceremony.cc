// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/ceremonies.h"
#include "stepupd/fido2_helper/key_choice.h"
#include "stepupd/fido2_helper/verification.h"

namespace stepup::fido2_helper {
namespace {

using wire::CeremonyFailed;
using wire::CeremonyFailure;

// Why this key cannot make the credential that is asked for; none when it can.
std::optional<CeremonyFailed> hindrance(const Key& key,
                                        const wire::MakeCredentialRequest& request) {
  const Abilities& able = key.abilities();
  if (!key.held().empty()) return CeremonyFailed{CeremonyFailure::Excluded, ""};
  if (!able.fido2 && (request.ceremony.uv || request.discoverable)) {
    return CeremonyFailed{CeremonyFailure::Unsupported,
                          "it knows U2F only, which has neither PIN nor discoverable credentials"};
  }
  if (request.discoverable && !able.discoverable) {
    return CeremonyFailed{CeremonyFailure::Unsupported, "it keeps no discoverable credentials"};
  }
  if (request.ceremony.uv && !able.pin && !able.fingerprint) {
    return CeremonyFailed{CeremonyFailure::PinNotSet, ""};
  }
  return std::nullopt;
}

bool verifies_for(const Abilities& able, const wire::MakeCredentialRequest& request) {
  if (request.ceremony.uv || able.verifies_always) return true;
  return (able.pin || able.fingerprint) && (request.discoverable || !able.makes_without_verifying);
}

}  // namespace

std::variant<wire::NewCredential, CeremonyFailed> make_credential(
    Port& port, const wire::MakeCredentialRequest& request) {
  const BootTime deadline = boot_now() + std::chrono::seconds(request.ceremony.seconds);
  // Every key will do, so that the answer to a touch of the wrong one says what is wrong with it.
  const Plan plan{
      .look =
          [&request, deadline](Key& key, Fitness& fitness) {
            fitness = Fitness::NeedsMore;
            return key.find(request.ceremony.rp_id, request.excluded, deadline);
          },
      .serve = {},
  };
  const auto choice = choose_key(port, request.ceremony, deadline, plan);
  if (!choice) return choice.error();
  const Key& key = *choice->key;
  if (auto failure = hindrance(key, request)) return *failure;
  const Deed make = [&request, deadline](Key& chosen, Means means, const SecretBytes& pin) {
    return chosen.make(request, means, pin, deadline);
  };
  const auto failure = verifies_for(key.abilities(), request)
                           ? do_verified(port, choice->key, deadline, make)
                           : do_by_touch(port, choice->key, deadline, make);
  if (failure) return *failure;
  return key.credential();
}

}  // namespace stepup::fido2_helper
