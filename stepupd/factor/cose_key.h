// SPDX-License-Identifier: ISC
// The public keys of security keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stepupd/base/result.h"

namespace stepup::factor {

// The algorithms of RFC 9053 and RFC 8812 that stepup verifies: ECDSA on P-256, Ed25519, and RSA of
// 2048 bits (PKCS #1 v1.5), each with SHA-256.  The numbers are stored.
enum class CoseAlgorithm : std::uint8_t { Es256 = 1, EdDsa, Rs256 };

struct Fido2PublicKey {
  CoseAlgorithm algorithm = CoseAlgorithm::Es256;
  // Es256: x and y.  EdDsa: the point.  Rs256: modulus and exponent.  Big-endian, of fixed size.
  std::vector<std::uint8_t> key;
  bool operator==(const Fido2PublicKey&) const = default;
};

constexpr std::size_t key_size_of(CoseAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case CoseAlgorithm::Es256: return 64;
    case CoseAlgorithm::EdDsa: return 32;
    case CoseAlgorithm::Rs256: return 256 + 3;
  }
  return 0;
}

// Fails with Malformed for another size than key_size_of(), and for a point that is not on its
// curve: no signature could ever be verified with such a key.
[[nodiscard]] Status require_usable(const Fido2PublicKey& key);

}  // namespace stepup::factor
