// SPDX-License-Identifier: ISC
// Owners for libfido2's objects, and its words for ours.  For the sources of this folder alone.
#pragma once

#include <fido.h>

#include <memory>

#include "stepupd/base/c_handle.h"
#include "stepupd/base/result.h"
#include "stepupd/factor/cose_key.h"

namespace stepup::factor {

// libfido2 frees through T**.
inline void free_assertion(fido_assert_t* assertion) noexcept { fido_assert_free(&assertion); }
inline void free_credential(fido_cred_t* credential) noexcept { fido_cred_free(&credential); }
using AssertionHandle = CHandle<fido_assert_t, &free_assertion>;
using CredentialHandle = CHandle<fido_cred_t, &free_credential>;

constexpr int cose_number_of(CoseAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case CoseAlgorithm::Es256: return COSE_ES256;
    case CoseAlgorithm::EdDsa: return COSE_EDDSA;
    case CoseAlgorithm::Rs256: return COSE_RS256;
  }
  return COSE_UNSPEC;
}

// An es256_pk_t, eddsa_pk_t or rs256_pk_t, as fido_assert_verify() wants it.
using KeyHandle = std::unique_ptr<void, void (*)(void*)>;

// Fails as require_usable() does.
[[nodiscard]] Result<KeyHandle> load_key(const Fido2PublicKey& key);

}  // namespace stepup::factor
