// SPDX-License-Identifier: ISC
#include "stepupd/factor/cose_key.h"

#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/evp.h>

#include "stepupd/factor/fido2_library.h"

namespace stepup::factor {
namespace {

using EvpKeyHandle = CHandle<EVP_PKEY, &EVP_PKEY_free>;

// One of libfido2's three families of key functions.
template <typename Key>
struct KeyFunctions {
  Key* (*make)();
  void (*release)(Key**);
  int (*set)(Key*, const void*, size_t);
  EVP_PKEY* (*to_evp)(const Key*);
};
constexpr KeyFunctions<es256_pk_t> kEs256 = {es256_pk_new, es256_pk_free, es256_pk_from_ptr,
                                             es256_pk_to_EVP_PKEY};
constexpr KeyFunctions<eddsa_pk_t> kEdDsa = {eddsa_pk_new, eddsa_pk_free, eddsa_pk_from_ptr,
                                             eddsa_pk_to_EVP_PKEY};
constexpr KeyFunctions<rs256_pk_t> kRs256 = {rs256_pk_new, rs256_pk_free, rs256_pk_from_ptr,
                                             rs256_pk_to_EVP_PKEY};

template <typename Key, const KeyFunctions<Key>& Functions>
Result<KeyHandle> load_as(const std::vector<std::uint8_t>& bytes) {
  KeyHandle loaded(Functions.make(), [](void* owned) {
    auto* key = static_cast<Key*>(owned);
    Functions.release(&key);
  });
  auto* key = static_cast<Key*>(loaded.get());
  if (key == nullptr) return failure(Errc::Internal, "no memory for the key of a security key");
  // libfido2 copies the numbers; whether they are a point of the curve is seen by OpenSSL.
  if (Functions.set(key, bytes.data(), bytes.size()) != FIDO_OK ||
      !EvpKeyHandle(Functions.to_evp(key))) {
    return failure(Errc::Malformed, "the public key of a security key");
  }
  return loaded;
}

}  // namespace

Result<KeyHandle> load_key(const Fido2PublicKey& key) {
  // libfido2 reads the front of what is too long.
  if (key.key.size() != key_size_of(key.algorithm)) {
    return failure(Errc::Malformed, "the public key of a security key");
  }
  switch (key.algorithm) {
    case CoseAlgorithm::Es256: return load_as<es256_pk_t, kEs256>(key.key);
    case CoseAlgorithm::EdDsa: return load_as<eddsa_pk_t, kEdDsa>(key.key);
    case CoseAlgorithm::Rs256: return load_as<rs256_pk_t, kRs256>(key.key);
  }
  return failure(Errc::Malformed, "the public key of a security key");
}

Status require_usable(const Fido2PublicKey& key) {
  const auto loaded = load_key(key);
  if (!loaded) return std::unexpected(loaded.error());
  return {};
}

}  // namespace stepup::factor
