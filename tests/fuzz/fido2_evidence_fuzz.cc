// SPDX-License-Identifier: ISC
// Evidence of a security key, as whoever has taken over the helper could make it: the first byte
// chooses an algorithm and what is judged, then come parts with their lengths in two bytes each.
// Property: no assertion is ever Good, since nobody here has the private key; a new credential is
// Good only when its parts are those of its authenticator data, with a key that can be used, and,
// where something vouches for it, for one challenge alone; memory stays bounded (run.sh gives
// 1 GiB).
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "stepupd/factor/fido2_attestation.h"
#include "stepupd/factor/public_key_text.h"
#include "tests/fuzz/check.h"

using namespace stepup;
using namespace stepup::factor;

namespace {

constexpr std::string_view kRp = "stepup:0123456789abcdef";

// Public keys whose private halves were thrown away.
constexpr std::array<std::string_view, 3> kKeys = {
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfqxUA36r4JGnvdARO+t+ZGh2tklDZr38I1CBbj6tl5xPeENoSZar"
    "QyIxLCKapiLwZUVg4r/pqaO9RsINCsuMKg==",
    "MCowBQYDK2VwAyEAs0ZRH2XHDxGRrWPjs6dJZT1MWrYzf2Sfn6SKok502Oc=",
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAp0kIJj/ciJmaWGkIr8kX2zNGs6TIicocLQ7aTPeBQPw1"
    "uDJrVOaI6Jc3Ep8f8w7eEYLrM9dRAdoTpjmq0aH8szyamA1dkpO/T3DREc7NXdTjc1M/4ykRyR5Y3zn17uCQ2QC8"
    "RJa4fS920ZPu+Bnp3LGCMZDls7PnikAdoptTBo8GLKR9f8jEzL7SzeX3jUVwiMDt8gp3se/RF1kfsxu/64Zdv6fX"
    "xw0pe2ZNTGkXZAfBeqwIFKlahIX0PEqTfMe6xbeaXT3VsMf3Yzdnrbwmenq9ldsXE4fYLXzBt5XYCGjkVpuRaips"
    "sNI6o/vvgKYbu75vyLSKbXdIbFRPbDcu5wIDAQAB"};

// Takes the parts from the front of what is left.
class Parts {
 public:
  explicit Parts(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  std::span<const std::uint8_t> take() {
    if (left_.size() < 2) return take(left_.size());
    const std::size_t size = static_cast<std::size_t>(left_[0]) << 8 | left_[1];
    left_ = left_.subspan(2);
    return take(size);
  }

 private:
  std::span<const std::uint8_t> take(std::size_t size) {
    const auto part = left_.first(std::min(size, left_.size()));
    left_ = left_.subspan(part.size());
    return part;
  }

  std::span<const std::uint8_t> left_;
};

// The challenge that the seeds in the corpus were made for.
CeremonyDemand demand(bool uv) {
  return {
      .rp_id = kRp, .client_data_hash = {1, 2, 3},
           .uv = uv
  };
}

void judge_one_assertion(Parts& parts, std::size_t which, bool uv) {
  static const std::array<Fido2PublicKey, 3> kPublic = {
      *read_public_key(kKeys[0]), *read_public_key(kKeys[1]), *read_public_key(kKeys[2])};
  const std::vector<std::uint8_t> id = {1, 2, 3};
  const auto auth_data = parts.take();
  const auto signature = parts.take();
  const auto verdict =
      judge_assertion({id, kPublic[which], 0}, demand(uv), {id, auth_data, signature});
  fuzz::require(verdict.has_value(), "an assertion is judged");
  fuzz::require(verdict->outcome != CeremonyOutcome::Good &&
                    verdict->outcome != CeremonyOutcome::CounterWentBack,
                "nobody can sign without the key");
  fuzz::require(verdict->flags == AuthenticatorFlags{} && verdict->sign_count == 0,
                "what was not signed is not told");
}

void judge_one_credential(Parts& parts, std::size_t which, bool uv) {
  constexpr std::array kAlgorithms = {CoseAlgorithm::Es256, CoseAlgorithm::EdDsa,
                                      CoseAlgorithm::Rs256};
  const auto auth_data = parts.take();
  const auto attestation = parts.take();
  const auto format = parts.take();
  const NewCredentialEvidence evidence = {kAlgorithms[which], auth_data,
                                          fuzz::text_of(format.data(), format.size()), attestation};
  const auto verdict = judge_new_credential(demand(uv), evidence);
  fuzz::require(verdict.has_value(), "a credential is judged");
  if (verdict->outcome != CeremonyOutcome::Good) {
    fuzz::require(verdict->credential.id.empty() && verdict->credential.public_key.key.empty(),
                  "a refused credential is not told");
    return;
  }
  fuzz::require(verdict->flags.up && (verdict->flags.uv || !uv), "the user was there");
  fuzz::require(require_usable(verdict->credential.public_key).has_value(), "the key can be used");
  fuzz::require(verdict->credential.public_key.algorithm == evidence.algorithm,
                "the key is of the algorithm");
  const auto& id = verdict->credential.id;
  fuzz::require(!id.empty() && std::ranges::search(auth_data, id).begin() != auth_data.end(),
                "the id stands in the data");
  // Ed25519 has keys of small order, for which anything is signed; who enrols one opens his own
  // door.
  if (verdict->attestation != AttestationKind::None && evidence.algorithm != CoseAlgorithm::EdDsa) {
    CeremonyDemand other = demand(uv);
    other.client_data_hash[0] ^= 1;
    fuzz::require(judge_new_credential(other, evidence)->outcome != CeremonyOutcome::Good,
                  "an attestation is for one challenge");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Parts parts(std::span(data, size).subspan(1));
  const std::size_t which = (data[0] & 0x3fU) % 3;
  const bool uv = (data[0] & 0x40U) != 0;
  if ((data[0] & 0x80U) != 0) {
    judge_one_assertion(parts, which, uv);
  } else {
    judge_one_credential(parts, which, uv);
  }
  return 0;
}
