// SPDX-License-Identifier: ISC
// A store with one authenticator in it.  Include it last: it needs CppUTest.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/store/store.h"
#include "tests/unit/state_directory.h"

#include <CppUTest/TestHarness.h>

namespace stepup::store {

inline const Subject kAlice{1000, "alice"};

inline std::optional<Store> opened(const StateDirectory& state) {
  auto store = Store::open(state.path(), "");
  CHECK_TRUE(store.has_value());
  if (!store) return {};
  return std::optional<Store>(std::move(*store));
}

inline Credential phone_of(const Subject& owner) {
  Credential credential;
  credential.owner = owner;
  credential.label = "phone";
  credential.created_at = 1'800'000'000;
  return credential;
}

// Enrols one authenticator of alice's with the key "key" and returns its id.
inline std::int64_t enrol(Store& store, std::string_view label = "phone") {
  auto transaction = store.begin();
  CHECK_TRUE(transaction.has_value());
  if (!transaction) return 0;
  if (transaction->recorded_name(kAlice.uid).value_or("") != kAlice.name) {
    CHECK_TRUE(transaction->replace_account(kAlice).has_value());
  }
  Credential credential = phone_of(kAlice);
  credential.label = label;
  const auto id = transaction->add_credential(credential, SecretBytes(std::string_view("key")));
  CHECK_TRUE(id.has_value());
  CHECK_TRUE(transaction->commit().has_value());
  return id.value_or(0);
}

// A security key that was just enrolled.
inline Credential security_key_of(const Subject& owner) {
  Credential credential = phone_of(owner);
  credential.factor = FactorKind::Fido2;
  credential.label = "key";
  Fido2Key key;
  key.rp_id = "stepup:0123456789abcdef";
  key.credential = {
      {1,                            2,                            3 },
      {factor::CoseAlgorithm::EdDsa, std::vector<std::uint8_t>(32, 9)},
      7
  };
  credential.fido2 = key;
  return credential;
}

// Enrols that of alice's and returns its id.
inline std::int64_t enrol_security_key(Store& store) {
  auto transaction = store.begin();
  CHECK_TRUE(transaction.has_value());
  if (!transaction) return 0;
  if (transaction->recorded_name(kAlice.uid).value_or("") != kAlice.name) {
    CHECK_TRUE(transaction->replace_account(kAlice).has_value());
  }
  const Credential key = security_key_of(kAlice);
  const auto id = transaction->add_credential(key, {});
  CHECK_TRUE(id.has_value());
  CHECK_TRUE(transaction->record_rp_id(key.fido2->rp_id).has_value());
  CHECK_TRUE(transaction->commit().has_value());
  return id.value_or(0);
}

// Uses `step` of the authenticator up to the commit.
inline Result<bool> use_step(Store& store, std::int64_t id, std::uint64_t step) {
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  auto fresh = transaction->advance_step(id, step, 1'800'000'000);
  if (!fresh) return fresh;
  if (const auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return fresh;
}

}  // namespace stepup::store
