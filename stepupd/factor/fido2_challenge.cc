// SPDX-License-Identifier: ISC
#include "stepupd/factor/fido2_challenge.h"

#include <string_view>
#include <vector>

#include "stepupd/factor/bytes_of.h"
#include "stepupd/factor/random.h"

namespace stepup::factor {
namespace {

// Tells these hashes from whatever else a credential might ever be made to sign.
constexpr std::string_view kDomain = "stepup fido2 v1";

// Fields with their lengths, so that no two purposes are the same bytes.
class Encoding {
 public:
  void add(std::span<const std::uint8_t> field) {
    add_number(field.size());
    bytes_.insert(bytes_.end(), field.begin(), field.end());
  }
  void add(std::string_view field) { add(bytes_of(field)); }
  void add_number(std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes_.push_back(static_cast<std::uint8_t>(number >> shift));
    }
  }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const noexcept { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

Result<Sha256Digest> client_data_hash(const CeremonyPurpose& purpose, const ChallengeNonce& nonce) {
  Encoding encoding;
  encoding.add(kDomain);
  encoding.add_number(static_cast<std::uint64_t>(purpose.kind));
  encoding.add(nonce);
  encoding.add(purpose.host);
  encoding.add(purpose.boot_id);
  encoding.add_number(static_cast<std::uint64_t>(purpose.session.kind));
  encoding.add_number(purpose.session.id);
  encoding.add_number(purpose.subject.uid);
  encoding.add(purpose.subject.name);
  encoding.add(purpose.service);
  encoding.add(purpose.target_user);
  encoding.add(purpose.command_digest);
  return sha256(encoding.bytes());
}

Result<Sha256Digest> new_client_data_hash(const CeremonyPurpose& purpose) {
  ChallengeNonce nonce;
  if (const auto filled = fill_random(nonce); !filled) return std::unexpected(filled.error());
  return client_data_hash(purpose, nonce);
}

}  // namespace stepup::factor
