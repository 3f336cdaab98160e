// SPDX-License-Identifier: ISC
#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include "stepupd/factor/fido2_challenge.h"
#include "stepupd/factor/hex.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

CeremonyPurpose purpose() {
  CeremonyPurpose sudo;
  sudo.host = "web1";
  sudo.boot_id = "8b1c";
  sudo.session = {SessionKey::Kind::Audit, 7};
  sudo.subject = {1000, "alice"};
  sudo.service = "sudo";
  sudo.target_user = "root";
  sudo.command_digest = "e3b0";
  return sudo;
}

Sha256Digest hash_of(const CeremonyPurpose& purpose, const ChallengeNonce& nonce = {}) {
  const auto hash = client_data_hash(purpose, nonce);
  CHECK_TRUE(hash.has_value());
  return hash.value_or(Sha256Digest{});
}

}  // namespace

TEST_GROUP(Fido2Challenge){};

TEST(Fido2Challenge, IsAnotherForEachFieldThatDiffers) {
  using Change = std::function<void(CeremonyPurpose&)>;
  const std::vector<Change> changes = {
      [](auto&) {},
      [](auto& p) { p.kind = CeremonyPurpose::Kind::MakeCredential; },
      [](auto& p) { p.host = "web2"; },
      [](auto& p) { p.boot_id = "8b1d"; },
      [](auto& p) { p.session.kind = SessionKey::Kind::Logind; },
      [](auto& p) { p.session.id = 8; },
      [](auto& p) { p.subject.uid = 1001; },
      [](auto& p) { p.subject.name = "alicia"; },
      [](auto& p) { p.service = "su"; },
      [](auto& p) { p.target_user = "postgres"; },
      [](auto& p) { p.command_digest = "e3b1"; },
      // The same letters, between other fields.
      [](auto& p) { p.host = "web", p.boot_id = "18b1c"; },
      [](auto& p) { p.service = "sudor", p.target_user = "oot"; },
  };
  std::set<Sha256Digest> hashes;
  for (const Change& change : changes) {
    CeremonyPurpose changed = purpose();
    change(changed);
    hashes.insert(hash_of(changed));
  }
  LONGS_EQUAL(changes.size(), hashes.size());
}

// Computed with Python's hashlib: each text with its length in eight bytes, each number in eight.
TEST(Fido2Challenge, IsTheHashOfItsNameTheNonceAndEachField) {
  const auto hash = hash_of(purpose());
  const auto expected =
      read_hex("86bb355e031d6d71a11eaac3776ce3bb167ea3f6bfdc34093b88a65557a81093", hash.size());
  CHECK_TRUE(expected.has_value());
  CHECK_TRUE(std::ranges::equal(expected->view(), hash));
}

TEST(Fido2Challenge, IsAnotherForEachNonce) {
  ChallengeNonce nonce{};
  nonce.back() = 1;
  CHECK(hash_of(purpose()) != hash_of(purpose(), nonce));
  CHECK(hash_of(purpose()) == hash_of(purpose()));
  const auto first = new_client_data_hash(purpose());
  const auto second = new_client_data_hash(purpose());
  CHECK_TRUE(first.has_value() && second.has_value());
  CHECK(*first != *second);
}
