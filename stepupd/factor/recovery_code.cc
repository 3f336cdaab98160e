// SPDX-License-Identifier: ISC
#include "stepupd/factor/recovery_code.h"

#include <openssl/evp.h>

#include <algorithm>
#include <span>

#include "stepupd/factor/digest.h"
#include "stepupd/factor/random.h"
#include "stepupd/factor/readable_code.h"

namespace stepup::factor {
namespace {

constexpr std::uint64_t kMaxMemory = 64ULL << 20;
constexpr std::uint8_t kMaxLog2N = 20;
constexpr std::uint8_t kMaxParallel = 4;

Status scrypt(const SecretBytes& code, const ScryptCost& cost, std::span<const std::uint8_t> salt,
              std::span<std::uint8_t> hash) {
  if (cost.log2_n < 1 || cost.log2_n > kMaxLog2N || cost.p > kMaxParallel) {
    return failure(Errc::Internal, "scrypt cost");
  }
  if (EVP_PBE_scrypt(code.text().data(), code.size(), salt.data(), salt.size(), 1ULL << cost.log2_n,
                     cost.r, cost.p, kMaxMemory, hash.data(), hash.size()) != 1) {
    return failure(Errc::Internal, "scrypt");
  }
  return {};
}

}  // namespace

Result<std::vector<SecretBytes>> new_recovery_codes() {
  std::vector<SecretBytes> codes;
  while (codes.size() < kRecoveryCodes) {
    auto code = random_readable(kRecoverySize);
    if (!code) return std::unexpected(code.error());
    const bool taken = std::ranges::any_of(codes, [&](const SecretBytes& other) {
      return recovery_index(other) == recovery_index(*code);
    });
    if (!taken) codes.push_back(std::move(*code));
  }
  return codes;
}

SecretBytes printed_recovery_code(const SecretBytes& code) { return grouped(code, {2, 4, 4, 4}); }

std::string_view recovery_index(const SecretBytes& code) noexcept {
  return code.text().substr(0, kRecoveryIndexSize);
}

Result<RecoveryHash> hash_recovery_code(const SecretBytes& code, ScryptCost cost) {
  RecoveryHash stored;
  stored.index = recovery_index(code);
  stored.cost = cost;
  auto done = fill_random(stored.salt);
  if (done) done = scrypt(code, cost, stored.salt, stored.hash);
  if (!done) return std::unexpected(done.error());
  return stored;
}

Result<bool> matches_recovery_code(const RecoveryHash& stored, const SecretBytes& code) {
  std::array<std::uint8_t, 32> hash{};
  const auto done = scrypt(code, stored.cost, stored.salt, hash);
  if (!done) return std::unexpected(done.error());
  return equal_in_constant_time(hash, stored.hash);
}

}  // namespace stepup::factor
