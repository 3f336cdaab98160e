// SPDX-License-Identifier: ISC
// What a security key signs: a fresh number, bound to what is being approved.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "stepupd/base/coordinates.h"
#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/factor/digest.h"

namespace stepup::factor {

// What one ceremony is for.
struct CeremonyPurpose {
  enum class Kind : std::uint8_t { Assert = 1, MakeCredential, SshSign };
  Kind kind = Kind::Assert;
  std::string host;
  std::string boot_id;
  SessionKey session;
  Subject subject;
  std::string service;
  std::string target_user;
  std::string command_digest;
};

using ChallengeNonce = std::array<std::uint8_t, 32>;

// SHA-256 of the nonce and of every field of `purpose`, each with its length.  Pure.  Fails as
// sha256() does.
[[nodiscard]] Result<Sha256Digest> client_data_hash(const CeremonyPurpose& purpose,
                                                    const ChallengeNonce& nonce);

// The same with a nonce that nobody can guess and that is never used again: evidence for one
// challenge is worth nothing for another.  Fails as fill_random() and sha256() do.
[[nodiscard]] Result<Sha256Digest> new_client_data_hash(const CeremonyPurpose& purpose);

}  // namespace stepup::factor
