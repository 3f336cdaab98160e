// SPDX-License-Identifier: ISC
#include <cstdint>

#include "stepupd/factor/authenticator_data.h"
#include "tests/unit/fido2_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

TEST_GROUP(AuthenticatorDataRead){};

TEST(AuthenticatorDataRead, GivesWhatWebAuthnSection61Draws) {
  const Bytes bytes = auth_data_of("stepup:x", kUp | kBe, 0x01'02'03'04);
  const auto read = read_authenticator_data(bytes);
  CHECK_TRUE(read.has_value());
  CHECK(read->rp_id_hash == *sha256(bytes_of("stepup:x")));
  CHECK((read->flags == AuthenticatorFlags{.up = true, .uv = false, .be = true, .bs = false}));
  LONGS_EQUAL(0x01'02'03'04, read->sign_count);
  CHECK_TRUE(read->attested.empty());
}

TEST(AuthenticatorDataRead, TellsEachFlagFromTheOthers) {
  const auto flags = [](std::uint8_t bits) {
    return read_authenticator_data(auth_data_of("rp", bits, 1))->flags;
  };
  CHECK(flags(0) == AuthenticatorFlags{});
  CHECK(flags(kUp) == AuthenticatorFlags{.up = true});
  CHECK(flags(kUv) == AuthenticatorFlags{.uv = true});
  CHECK(flags(kBe) == AuthenticatorFlags{.be = true});
  CHECK((flags(kBe | kBs) == AuthenticatorFlags{.be = true, .bs = true}));
  CHECK(flags(0x22) == AuthenticatorFlags{});  // reserved for future use
}

TEST(AuthenticatorDataRead, F29aRefusesEverySizeButThatOfItsFlags) {
  const Bytes whole = auth_data_of("rp", kUp, 1);
  LONGS_EQUAL(37, whole.size());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(read_authenticator_data(std::span(whole).first(size)).has_value());
  }
  CHECK_TRUE(read_authenticator_data(whole).has_value());
  CHECK_FALSE(read_authenticator_data(joined({whole, Bytes{0}})).has_value());
}

TEST(AuthenticatorDataRead, F29aRefusesContradictoryFlags) {
  const Bytes rest = {1, 2, 3};
  const auto reads = [&](std::uint8_t flags, std::span<const std::uint8_t> more) {
    return read_authenticator_data(auth_data_of("rp", flags, 1, more)).has_value();
  };
  CHECK_FALSE(reads(kUp | kAt, {}));  // attested data missing
  CHECK_FALSE(reads(kUp, rest));      // or extra
  CHECK_TRUE(reads(kUp | kAt, rest));
  CHECK_FALSE(reads(kUp | kEd, {}));    // extensions missing
  CHECK_FALSE(reads(kUp | kEd, rest));  // there, though none was asked for
  CHECK_FALSE(reads(kUp | kAt | kEd, rest));
  CHECK_FALSE(reads(kUp | kBs, {}));  // backed up without being eligible
}
