// SPDX-License-Identifier: ISC
// Keeps the keys of authenticators unreadable in a copy of the database.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"

namespace stepup::store {

// Which record a sealed key belongs to.  It is authenticated with the key, so that nobody who can
// write to the database can give one person's authenticator to another.
struct SealContext {
  std::int64_t credential_id = 0;
  uid_t uid = kNoUid;
  FactorKind factor = FactorKind::Totp;
  std::string_view rp_id;
};

// Version of the sealed form and of its context; it stays when the tables change.
inline constexpr std::uint32_t kSealSchema = 1;

using SealingKeyId = std::array<std::uint8_t, 16>;

class SealingKey {
 public:
  // Derives the key and its id from the bytes of a key file.  Fails with Untrusted for fewer than
  // 32 bytes.
  [[nodiscard]] static Result<SealingKey> derive(const SecretBytes& file);

  // Tells keys apart without telling the key.
  [[nodiscard]] const SealingKeyId& id() const noexcept { return id_; }

  // AES-256-GCM (NIST SP 800-38D) under a random nonce: format byte, nonce, ciphertext, tag.  Fails
  // with Internal.
  [[nodiscard]] Result<std::vector<std::uint8_t>> seal(const SecretBytes& secret,
                                                       const SealContext& context) const;

  // Input is untrusted: whatever the database holds.  Returns what seal() was given.  Fails with
  // Untrusted when it was sealed under another key or for another record, or changed.
  [[nodiscard]] Result<SecretBytes> open(std::span<const std::uint8_t> sealed,
                                         const SealContext& context) const;

 private:
  SecretBytes key_;
  SealingKeyId id_{};
};

// Reads CREDENTIALS_DIRECTORY/stepup.seal-key; when there is none, DIRECTORY/seal.key, which nobody
// but this user may read.  Fails with NotFound when neither exists, Untrusted when one exists and
// cannot be used.
[[nodiscard]] Result<SealingKey> load_sealing_key(const std::string& directory,
                                                  const std::string& credentials_directory);

// Makes DIRECTORY/seal.key, durably.  Requires that it does not exist.
[[nodiscard]] Result<SealingKey> make_sealing_key(const std::string& directory);

}  // namespace stepup::store
