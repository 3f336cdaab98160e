// SPDX-License-Identifier: ISC
#include "stepupd/factor/authenticator_data.h"

#include <algorithm>
#include <cstddef>

#include "stepupd/factor/bytes_of.h"

namespace stepup::factor {
namespace {

constexpr std::size_t kFixedSize = 37;  // hash, flags, counter
constexpr std::uint8_t kUserPresent = 0x01;
constexpr std::uint8_t kUserVerified = 0x04;
constexpr std::uint8_t kBackupEligible = 0x08;
constexpr std::uint8_t kBackedUp = 0x10;
constexpr std::uint8_t kAttested = 0x40;
constexpr std::uint8_t kExtensions = 0x80;

}  // namespace

std::optional<AuthenticatorData> read_authenticator_data(
    std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.size() < kFixedSize) return {};
  AuthenticatorData read;
  std::ranges::copy(bytes.first(read.rp_id_hash.size()), read.rp_id_hash.begin());
  const std::uint8_t flags = bytes[read.rp_id_hash.size()];
  read.flags = {(flags & kUserPresent) != 0, (flags & kUserVerified) != 0,
                (flags & kBackupEligible) != 0, (flags & kBackedUp) != 0};
  for (const std::uint8_t byte : bytes.subspan(read.rp_id_hash.size() + 1, 4)) {
    read.sign_count = read.sign_count << 8 | byte;
  }
  read.attested = bytes.subspan(kFixedSize);
  if ((flags & kExtensions) != 0 || (read.flags.bs && !read.flags.be)) return {};
  if (((flags & kAttested) != 0) == read.attested.empty()) return {};
  return read;
}

Result<CeremonyOutcome> judge_data(const AuthenticatorData& data, const CeremonyDemand& demand) {
  const auto rp_id_hash = sha256(bytes_of(demand.rp_id));
  if (!rp_id_hash) return std::unexpected(rp_id_hash.error());
  if (data.rp_id_hash != *rp_id_hash) return CeremonyOutcome::OtherRp;
  if (!data.flags.up) return CeremonyOutcome::NoUserPresence;
  // What counts is what came back, whatever was asked of the authenticator.
  if (demand.uv && !data.flags.uv) return CeremonyOutcome::NoUserVerification;
  return CeremonyOutcome::Good;
}

}  // namespace stepup::factor
