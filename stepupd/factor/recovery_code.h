// SPDX-License-Identifier: ISC
// Recovery codes: ten single-use codes on paper, for the day the authenticator is lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"

namespace stepup::factor {

inline constexpr std::size_t kRecoveryCodes = 10;
// ab-cdef-ghjk-mnpq: an index of two characters, which is no secret, and 60 random bits.
inline constexpr std::size_t kRecoveryIndexSize = 2;
inline constexpr std::size_t kRecoverySize = kRecoveryIndexSize + 12;

// Work of scrypt (RFC 7914): 2^log2_n blocks of 128 * r bytes, p times.  The default takes 16 MiB
// and some 50 ms: too much to try 2^60 codes against a stolen database.
struct ScryptCost {
  std::uint8_t log2_n = 14;
  std::uint8_t r = 8;
  std::uint8_t p = 1;
  bool operator==(const ScryptCost&) const = default;
};

// What is stored of a recovery code.
struct RecoveryHash {
  std::string index;  // finds the one hash to compare with, so that one scrypt decides
  ScryptCost cost;
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 32> hash{};
};

// kRecoveryCodes new codes with different indexes, without dashes.  Fails as random_bytes() does.
[[nodiscard]] Result<std::vector<SecretBytes>> new_recovery_codes();

// `code` as it is printed.  Requires kRecoverySize characters.
[[nodiscard]] SecretBytes printed_recovery_code(const SecretBytes& code);

// The index of `code`.  Requires kRecoverySize characters.
[[nodiscard]] std::string_view recovery_index(const SecretBytes& code) noexcept;

// Salts and hashes `code`.  Slow on purpose.  Fails with Internal.
[[nodiscard]] Result<RecoveryHash> hash_recovery_code(const SecretBytes& code,
                                                      ScryptCost cost = {});

// Whether `code`, as classify_answer() gives it, is the one that was hashed.  Slow on purpose.
// Fails with Internal, also for a cost beyond 64 MiB, which only a damaged record asks for.
[[nodiscard]] Result<bool> matches_recovery_code(const RecoveryHash& stored,
                                                 const SecretBytes& code);

}  // namespace stepup::factor
