// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/ceremonies.h"
#include "stepupd/fido2_helper/key_choice.h"
#include "stepupd/fido2_helper/verification.h"

namespace stepup::fido2_helper {

std::variant<wire::Assertion, wire::CeremonyFailed> get_assertion(
    Port& port, const wire::AssertRequest& request) {
  const BootTime deadline = boot_now() + std::chrono::seconds(request.ceremony.seconds);
  const Plan plan{
      .look =
          [&request, deadline](Key& key, Fitness& fitness) {
            const int r = key.find(request.ceremony.rp_id, request.credentials, deadline);
            if (!key.held().empty()) {
              fitness = request.ceremony.uv || key.abilities().verifies_always ? Fitness::NeedsMore
                                                                               : Fitness::Serves;
            }
            return r;
          },
      .serve = [&request, deadline](
                   Key& key) { return key.sign(request.ceremony, Means::Touch, {}, deadline); },
  };
  const auto choice = choose_key(port, request.ceremony, deadline, plan);
  if (!choice) return choice.error();
  if (!choice->served) {
    const Deed sign = [&request, deadline](Key& key, Means means, const SecretBytes& pin) {
      return key.sign(request.ceremony, means, pin, deadline);
    };
    if (auto failure = do_verified(port, choice->key, deadline, sign)) return *failure;
  }
  return choice->key->assertion();
}

}  // namespace stepup::fido2_helper
