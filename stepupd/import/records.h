// SPDX-License-Identifier: ISC
// What a file of another tool holds, in the terms of this one.
//
// Problems and remarks are string literals, whatever stands in the file: so none can carry a secret
// of it to a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/factor/fido2_assertion.h"
#include "stepupd/factor/totp.h"

namespace stepup::import {

inline constexpr std::size_t kMaxRecords = 1000;  // in one file
inline constexpr std::size_t kMaxProblems = 100;  // that are told
inline constexpr std::size_t kMaxUserName = 256;
// RFC 4226 asks for 128 bits; google-authenticator made 80 for many years.
inline constexpr std::size_t kMinSecretBytes = 10;
inline constexpr std::size_t kMaxSecretBytes = 64;

// Lines and columns (of bytes) count from 1.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  bool operator==(const Place&) const = default;
};

struct Problem {
  Place at;
  const char* what = "";
};

// The public half of a security key.
struct SecurityKey {
  factor::Fido2Credential credential;
  bool uv_required = false;
};

struct Record {
  Place at;
  std::string user;  // empty: the file names nobody
  FactorKind factor = FactorKind::Totp;
  factor::TotpParameters parameters;
  SecretBytes key;                         // of one-time codes
  std::optional<std::uint64_t> last_step;  // dead, as are all before it
  std::optional<SecurityKey> security_key;
  std::vector<const char*> remarks;  // what of it does not come along
};

// All that a file holds, or what is wrong with it: never a part.
using Records = std::expected<std::vector<Record>, std::vector<Problem>>;

}  // namespace stepup::import
