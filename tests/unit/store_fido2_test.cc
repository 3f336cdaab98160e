// SPDX-License-Identifier: ISC
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/enrolled_store.h"

using namespace stepup;
using namespace stepup::store;

TEST_GROUP(StoreFido2) {
  StateDirectory state;
  std::optional<Store> store = opened(state);

  void teardown() override { store.reset(); }
  void reopen() {
    store.reset();
    auto again = Store::open(state.path(), "");
    CHECK_TRUE(again.has_value());
    if (again) store.emplace(std::move(*again));
  }
  std::optional<Fido2Key> held_key() {
    const auto held = store->holdings(kAlice.uid);
    CHECK_TRUE(held.has_value() && held->credentials.size() == 1);
    if (!held || held->credentials.empty()) return {};
    return held->credentials[0].fido2;
  }
  // advance_sign_count() up to the commit.
  bool advance(std::int64_t id, std::uint32_t sign_count) {
    auto transaction = store->begin();
    const auto advanced = transaction->advance_sign_count(id, sign_count, 1'900'000'000);
    CHECK_TRUE(advanced.has_value());
    CHECK_TRUE(transaction->commit().has_value());
    return advanced.value_or(false);
  }
  bool advance_declared(uid_t uid, const std::string& rp_id,
                        const std::vector<std::uint8_t>& credential_id, std::uint32_t sign_count) {
    auto transaction = store->begin();
    const auto advanced =
        transaction->advance_declared(uid, rp_id, credential_id, {sign_count, 1'900'000'000});
    CHECK_TRUE(advanced.has_value());
    CHECK_TRUE(transaction->commit().has_value());
    return advanced.value_or(false);
  }
  std::optional<std::string> recorded_rp_id() {
    const auto rp_id = store->begin_reading()->recorded_rp_id();
    CHECK_TRUE(rp_id.has_value());
    return rp_id.value_or(std::nullopt);
  }
};

TEST(StoreFido2, KeepsASecurityKeyWhole) {
  Credential credential = security_key_of(kAlice);
  Fido2Key& key = *credential.fido2;
  key.credential.id = std::vector<std::uint8_t>(1023, 0x00);
  key.credential.public_key = {factor::CoseAlgorithm::Rs256, std::vector<std::uint8_t>(259, 5)};
  key.credential.sign_count = 0xffff'fffe;
  key.uv_required = true;
  key.discoverable = true;
  key.aaguid.fill(0xa6);
  key.attestation_kind = factor::AttestationKind::U2f;
  key.attestation_format = "fido-u2f";
  key.attestation = std::vector<std::uint8_t>(16384, 0);
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->replace_account(kAlice).has_value());
    CHECK_TRUE(transaction->add_credential(credential, {}).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  reopen();
  const auto held = store->holdings(kAlice.uid);
  LONGS_EQUAL(1, held->credentials.size());
  CHECK(held->credentials[0].factor == FactorKind::Fido2);
  STRCMP_EQUAL("key", held->credentials[0].label.c_str());
  const auto read = held->credentials[0].fido2;
  CHECK_TRUE(read.has_value());
  STRCMP_EQUAL(key.rp_id.c_str(), read->rp_id.c_str());
  CHECK(read->credential.id == key.credential.id);
  CHECK(read->credential.public_key == key.credential.public_key);
  CHECK_TRUE(read->credential.sign_count == 0xffff'fffe);
  CHECK_TRUE(read->uv_required && !read->uv_capable && read->discoverable);
  CHECK(read->aaguid == key.aaguid);
  CHECK(read->attestation_kind == factor::AttestationKind::U2f);
  STRCMP_EQUAL("fido-u2f", read->attestation_format.c_str());
  CHECK(read->attestation == key.attestation);
}

TEST(StoreFido2, KeepsNoneWithoutAPublicKey) {
  auto transaction = store->begin();
  CHECK_TRUE(transaction->replace_account(kAlice).has_value());
  Credential credential = security_key_of(kAlice);
  credential.fido2.reset();
  CHECK(transaction->add_credential(credential, {}).error().code == Errc::Internal);
  // Nor of another factor with one.
  credential = security_key_of(kAlice);
  credential.factor = FactorKind::Totp;
  CHECK(transaction->add_credential(credential, SecretBytes(20)).error().code == Errc::Internal);
  CHECK_TRUE(transaction->credentials(kAlice.uid)->empty());
}

TEST(StoreFido2, KeepsOneWithoutAnAttestation) {
  (void)enrol_security_key(*store);
  CHECK_TRUE(held_key()->attestation.empty());
  CHECK_TRUE(held_key()->attestation_format.empty());
}

TEST(StoreFido2, AdvancesTheCounterForwardOrLeavesItAtZero) {
  const std::int64_t id = enrol_security_key(*store);  // at 7
  CHECK_FALSE(advance(id, 6));
  CHECK_FALSE(advance(id, 7));
  CHECK_FALSE(advance(id, 0));
  CHECK_FALSE(store->holdings(kAlice.uid)->credentials[0].last_used_at.has_value());
  CHECK_TRUE(advance(id, 8));
  CHECK_TRUE(advance(id, 0xffff'ffff));
  CHECK_FALSE(advance(id, 0));
  CHECK_FALSE(advance(id + 1, 9));  // of nobody
  CHECK_TRUE(held_key()->credential.sign_count == 0xffff'ffff);
  CHECK(store->holdings(kAlice.uid)->credentials[0].last_used_at == 1'900'000'000);
}

TEST(StoreFido2, AuthenticatorWithoutACounterStaysAtZero) {
  std::int64_t id = 0;
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->replace_account(kAlice).has_value());
    Credential credential = security_key_of(kAlice);
    credential.fido2->credential.sign_count = 0;
    id = transaction->add_credential(credential, {}).value_or(0);
    CHECK_TRUE(transaction->commit().has_value());
  }
  CHECK_TRUE(advance(id, 0));
  CHECK_TRUE(advance(id, 0));
  CHECK_TRUE(advance(id, 1));
  CHECK_FALSE(advance(id, 0));
}

TEST(StoreFido2, CounterIsWhereItWasWithoutACommit) {
  const std::int64_t id = enrol_security_key(*store);
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->advance_sign_count(id, 100, 1).value_or(false));
  }
  CHECK_TRUE(held_key()->credential.sign_count == 7);
}

TEST(StoreFido2, FindsACredentialWhoeverHasIt) {
  const std::int64_t id = enrol_security_key(*store);
  const Fido2Key key = *security_key_of(kAlice).fido2;
  {
    auto transaction = store->begin();
    const auto& credential_id = key.credential.id;
    CHECK_TRUE(transaction->has_fido2(key.rp_id, credential_id).value_or(false));
    CHECK_FALSE(transaction->has_fido2("other", credential_id).value_or(true));
    CHECK_FALSE(transaction->has_fido2(key.rp_id, std::vector<std::uint8_t>{1, 2}).value_or(true));
    // And it is given to nobody else.
    CHECK_TRUE(transaction->replace_account({1001, "bob"}).has_value());
    CHECK(transaction->add_credential(security_key_of({1001, "bob"}), {}).error().code ==
          Errc::Storage);
  }
  auto transaction = store->begin();
  CHECK_TRUE(transaction->remove_credential(id).has_value());
  CHECK_FALSE(transaction->has_fido2(key.rp_id, key.credential.id).value_or(true));
}

TEST(StoreFido2, GoesWithItsAccount) {
  (void)enrol_security_key(*store);
  auto transaction = store->begin();
  CHECK_TRUE(transaction->replace_account({kAlice.uid, "alicia"}).has_value());
  CHECK_FALSE(transaction->has_fido2("stepup:0123456789abcdef", std::vector<std::uint8_t>{1, 2, 3})
                  .value_or(true));
}

TEST(StoreFido2, RelyingPartyIsThatOfTheFirstMadeHereWhileOneOfItsKeysIsLeft) {
  CHECK_FALSE(recorded_rp_id().has_value());
  const std::int64_t first = enrol_security_key(*store);
  CHECK(recorded_rp_id() == "stepup:0123456789abcdef");
  const auto add_other = [this](const char* label, bool made_here) {
    auto transaction = store->begin();
    Credential other = security_key_of(kAlice);
    other.label = label;
    other.fido2->rp_id = "pam://host";
    other.fido2->credential.id = {label[0] == 'i' ? std::uint8_t{1} : std::uint8_t{2}};
    CHECK_TRUE(transaction->add_credential(other, {}).has_value());
    if (made_here) CHECK_TRUE(transaction->record_rp_id(other.fido2->rp_id).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  };
  add_other("imported", false);
  CHECK(recorded_rp_id() == "stepup:0123456789abcdef");
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->remove_credential(first).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  CHECK_FALSE(recorded_rp_id().has_value());
  add_other("made here", true);
  CHECK(recorded_rp_id() == "pam://host");
}

TEST(StoreFido2, NeedsNoSealingKey) {
  (void)enrol(*store);
  store.reset();
  LONGS_EQUAL(0, unlink(state.file("seal.key").c_str()));
  reopen();
  const std::int64_t id = enrol_security_key(*store);
  CHECK_TRUE(advance(id, 8));
  const auto held = store->holdings(kAlice.uid);
  LONGS_EQUAL(2, held->credentials.size());
  // What is sealed stays shut.
  auto transaction = store->begin();
  CHECK(transaction->key_of(held->credentials[0]).error().code == Errc::Untrusted);
  CHECK_FALSE(transaction->add_credential(phone_of(kAlice), SecretBytes(20)).has_value());
}

// Nothing is sealed yet, so nothing is lost.
TEST(StoreFido2, LetsANewSealingKeyBeMadeBesideSecurityKeysAlone) {
  (void)enrol_security_key(*store);
  store.reset();
  LONGS_EQUAL(0, unlink(state.file("seal.key").c_str()));
  reopen();
  CHECK(enrol(*store) > 0);
  reopen();
  auto transaction = store->begin_reading();
  CHECK_TRUE(transaction->key_of(transaction->credentials(kAlice.uid)->at(1)).has_value());
}

TEST(StoreFido2, HasNoSecretToOpen) {
  (void)enrol_security_key(*store);
  auto transaction = store->begin_reading();
  CHECK(transaction->key_of(transaction->credentials(kAlice.uid)->at(0)).error().code ==
        Errc::Untrusted);
}

TEST(StoreFido2, DeclaredCredentialsHaveCountersOfTheirOwn) {
  const std::vector<std::uint8_t> id = {1, 2, 3};
  CHECK_FALSE(store->begin_reading()->declared_use(1000, "rp", id)->has_value());
  CHECK_TRUE(advance_declared(1000, "rp", id, 5));
  CHECK_FALSE(advance_declared(1000, "rp", id, 5));
  CHECK_FALSE(advance_declared(1000, "rp", id, 4));
  CHECK_FALSE(advance_declared(1000, "rp", id, 0));
  CHECK_TRUE(advance_declared(1000, "rp", id, 0xffff'ffff));
  // Each by its user, relying party and id.
  CHECK_TRUE(advance_declared(1001, "rp", id, 1));
  CHECK_TRUE(advance_declared(1000, "rp2", id, 2));
  CHECK_TRUE(advance_declared(1000, "rp", {1, 2}, 3));
  reopen();
  const auto use = store->begin_reading()->declared_use(1000, "rp", id);
  CHECK_TRUE(use.has_value() && use->has_value());
  CHECK_TRUE((*use)->sign_count == 0xffff'ffff);
  LONGLONGS_EQUAL(1'900'000'000, (*use)->last_used_at);
  LONGS_EQUAL(1, (*store->begin_reading()->declared_use(1001, "rp", id))->sign_count);
}

TEST(StoreFido2, DeclaredCredentialWithoutACounterStaysAtZero) {
  CHECK_TRUE(advance_declared(1000, "rp", {1}, 0));
  CHECK_TRUE(advance_declared(1000, "rp", {1}, 0));
  CHECK_TRUE(advance_declared(1000, "rp", {1}, 1));
  CHECK_FALSE(advance_declared(1000, "rp", {1}, 0));
}

// A reset of the person must not make a copy of the key look new.
TEST(StoreFido2, DeclaredCountersOutliveTheAccount) {
  (void)enrol_security_key(*store);
  CHECK_TRUE(advance_declared(kAlice.uid, "rp", {1}, 9));
  {
    auto transaction = store->begin();
    CHECK_TRUE(transaction->replace_account({kAlice.uid, "alicia"}).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }
  CHECK_FALSE(advance_declared(kAlice.uid, "rp", {1}, 9));
}
