// SPDX-License-Identifier: ISC
// What a security key is asked to do: one assertion or one new credential, by libfido2.
#pragma once

#include <fido.h>

#include <memory>
#include <string>
#include <variant>

#include "stepupd/base/c_handle.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/wire/helper_messages.h"

namespace stepup::fido2_helper {

using Evidence = std::variant<wire::Assertion, wire::NewCredential>;

// The result of libfido2 (FIDO_OK, FIDO_ERR_*), and on FIDO_OK the evidence.
struct Attempt {
  int code = FIDO_ERR_INTERNAL;
  std::optional<Evidence> evidence;
};

// Shared by the threads of all keys, so without state.
class Operation {
 public:
  virtual ~Operation() = default;

  [[nodiscard]] virtual const wire::Ceremony& ceremony() const noexcept = 0;
  // Whether several keys at once would be a mistake: each would get a new credential.
  [[nodiscard]] virtual bool needs_one_key() const noexcept = 0;
  // Whether this key can serve, without a touch and without a PIN.  FIDO_OK: it can;
  // FIDO_ERR_NO_CREDENTIALS: it cannot; else what went wrong.
  [[nodiscard]] virtual int look(fido_dev_t* key) const = 0;
  // Has the key do it, which waits for a touch.  `pin` may be null; `uv` asks for the key's own
  // way to verify its user.
  [[nodiscard]] virtual Attempt attempt(fido_dev_t* key, const char* pin, bool uv) const = 0;
};

[[nodiscard]] std::unique_ptr<const Operation> operation_of(wire::AssertRequest request);
[[nodiscard]] std::unique_ptr<const Operation> operation_of(wire::MakeCredentialRequest request);

}  // namespace stepup::fido2_helper
