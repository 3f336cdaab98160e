// SPDX-License-Identifier: ISC
// Each check fails on its own: everything else about the evidence is right, and signed.
#include <openssl/ecdsa.h>
#include <openssl/objects.h>

#include <cstdint>
#include <string_view>

#include "stepupd/factor/fido2_assertion.h"
#include "tests/unit/fido2_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

constexpr std::string_view kRp = "stepup:0123456789abcdef";
constexpr CoseAlgorithm kAlgorithms[] = {CoseAlgorithm::Es256, CoseAlgorithm::EdDsa,
                                         CoseAlgorithm::Rs256};

// An authenticator, what is kept of it, and one answer of it that is right unless a test spoils it.
struct Ceremony {
  Fido2Signer signer;
  CeremonyDemand demand{
      .rp_id = kRp, .client_data_hash = {1, 2, 3},
           .uv = false
  };
  Bytes credential_id = Bytes(48, 0xc1);
  Bytes auth_data = auth_data_of(kRp, kUp, 8);
  Fido2Credential enrolled;

  explicit Ceremony(CoseAlgorithm algorithm = CoseAlgorithm::Es256)
      : signer(algorithm), enrolled{credential_id, signer.public_key(), 7} {}

  [[nodiscard]] Bytes signature() const {
    return signer.sign(joined({auth_data, demand.client_data_hash}));
  }
  [[nodiscard]] Result<AssertionVerdict> judge(const Bytes& signature) const {
    return judge_assertion(enrolled, demand, {credential_id, auth_data, signature});
  }
  [[nodiscard]] CeremonyOutcome outcome() const { return outcome(signature()); }
  [[nodiscard]] CeremonyOutcome outcome(const Bytes& signature) const {
    const auto verdict = judge(signature);
    CHECK_TRUE(verdict.has_value());
    return verdict ? verdict->outcome : CeremonyOutcome::Malformed;
  }
};

// An ECDSA signature with these numbers, in DER.
Bytes der(BIGNUM* r, BIGNUM* s) {
  const CHandle<ECDSA_SIG, &ECDSA_SIG_free> pair(ECDSA_SIG_new());
  (void)ECDSA_SIG_set0(pair.get(), r, s);  // which takes them over
  Bytes bytes(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)));
  unsigned char* end = bytes.data();
  (void)i2d_ECDSA_SIG(pair.get(), &end);
  return bytes;
}
BIGNUM* small(unsigned long number) {
  BIGNUM* made = BN_new();
  (void)BN_set_word(made, number);
  return made;
}

// The other of the two signatures that ECDSA allows: s becomes n - s.
Bytes with_other_s(const Bytes& signature) {
  const unsigned char* at = signature.data();
  const CHandle<ECDSA_SIG, &ECDSA_SIG_free> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
  const CHandle<EC_GROUP, &EC_GROUP_free> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  BIGNUM* s = BN_new();
  (void)BN_sub(s, EC_GROUP_get0_order(group.get()), ECDSA_SIG_get0_s(pair.get()));
  return der(BN_dup(ECDSA_SIG_get0_r(pair.get())), s);
}

}  // namespace

TEST_GROUP(Fido2Assertion){};

TEST(Fido2Assertion, IsGoodWithEachAlgorithm) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    Ceremony ceremony(algorithm);
    ceremony.auth_data = auth_data_of(kRp, kUp | kUv | kBe, 0x0102);
    const auto verdict = ceremony.judge(ceremony.signature());
    CHECK_TRUE(verdict.has_value());
    CHECK(verdict->outcome == CeremonyOutcome::Good);
    CHECK((verdict->flags == AuthenticatorFlags{.up = true, .uv = true, .be = true}));
    LONGS_EQUAL(0x0102, verdict->sign_count);
  }
}

TEST(Fido2Assertion, F29aIsMalformedUnlessItIsThirtySevenBytes) {
  Ceremony ceremony;
  const Bytes whole = ceremony.auth_data;
  for (const std::size_t size : {0U, 1U, 36U}) {
    ceremony.auth_data = Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(ceremony.outcome() == CeremonyOutcome::Malformed);
  }
  ceremony.auth_data = joined({whole, Bytes{0}});
  CHECK(ceremony.outcome() == CeremonyOutcome::Malformed);
  // Attested data, and the extensions that nobody asked for, are whole in themselves.
  const Bytes attested = attested_of(ceremony.credential_id, ceremony.signer.cose_key());
  ceremony.auth_data = auth_data_of(kRp, kUp | kAt, 8, attested);
  CHECK(ceremony.outcome() == CeremonyOutcome::Malformed);
  ceremony.auth_data = auth_data_of(kRp, kUp | kEd, 8, Bytes{0xa0});
  CHECK(ceremony.outcome() == CeremonyOutcome::Malformed);
  ceremony.auth_data = auth_data_of(kRp, kUp | kBs, 8);
  CHECK(ceremony.outcome() == CeremonyOutcome::Malformed);
}

TEST(Fido2Assertion, F29aIsOfNoOtherRelyingParty) {
  Ceremony ceremony;
  ceremony.auth_data = auth_data_of("stepup:0123456789abcdee", kUp, 8);
  CHECK(ceremony.outcome() == CeremonyOutcome::OtherRp);
}

TEST(Fido2Assertion, F29aNeedsUserPresence) {
  for (const std::uint8_t flags : {std::uint8_t{0}, kUv}) {
    Ceremony ceremony;
    ceremony.auth_data = auth_data_of(kRp, flags, 8);
    CHECK(ceremony.outcome() == CeremonyOutcome::NoUserPresence);
  }
}

TEST(Fido2Assertion, V04CountsUserVerificationAsReturnedNotAsAskedFor) {
  Ceremony ceremony;
  ceremony.demand.uv = true;
  CHECK(ceremony.outcome() == CeremonyOutcome::NoUserVerification);
  ceremony.auth_data = auth_data_of(kRp, kUp | kUv, 8);
  CHECK(ceremony.outcome() == CeremonyOutcome::Good);
  // Who verified without being asked is told of.
  ceremony.demand.uv = false;
  CHECK_TRUE(ceremony.judge(ceremony.signature())->flags.uv);
}

TEST(Fido2Assertion, F29aCounterMustGoUpUnlessThereIsNone) {
  struct Row {
    std::uint32_t before, now;
    CeremonyOutcome outcome;
  };
  constexpr Row kRows[] = {
      {7,           8,           CeremonyOutcome::Good           },
      {7,           7,           CeremonyOutcome::CounterWentBack},
      {7,           6,           CeremonyOutcome::CounterWentBack},
      {7,           0,           CeremonyOutcome::CounterWentBack},
      {0,           1,           CeremonyOutcome::Good           },
      {0,           0,           CeremonyOutcome::Good           },
      {0xffff'fffe, 0xffff'ffff, CeremonyOutcome::Good           },
      {0xffff'ffff, 0xffff'ffff, CeremonyOutcome::CounterWentBack},
      {0xffff'ffff, 0,           CeremonyOutcome::CounterWentBack},
      {0x7fff'ffff, 0x8000'0000, CeremonyOutcome::Good           },
  };
  for (const Row& row : kRows) {
    Ceremony ceremony;
    ceremony.enrolled.sign_count = row.before;
    ceremony.auth_data = auth_data_of(kRp, kUp, row.now);
    const auto verdict = ceremony.judge(ceremony.signature());
    CHECK(verdict->outcome == row.outcome);
    LONGS_EQUAL(row.now, verdict->sign_count);
    CHECK_TRUE(verdict->flags.up);
  }
}

// Or anybody could raise the alarm about a copy, and learn where the counter stands.
TEST(Fido2Assertion, F29aCounterIsLookedAtOnlyWhenTheSignatureIsGood) {
  Ceremony ceremony;
  ceremony.auth_data = auth_data_of(kRp, kUp | kUv, 6);
  const auto verdict = ceremony.judge(Fido2Signer().sign(Bytes{1}));
  CHECK(verdict->outcome == CeremonyOutcome::BadSignature);
  LONGS_EQUAL(0, verdict->sign_count);
  CHECK(verdict->flags == AuthenticatorFlags{});
}

TEST(Fido2Assertion, F29cIsOfTheEnrolledCredentialAlone) {
  Ceremony ceremony;
  ceremony.credential_id.back() ^= 1;
  CHECK(ceremony.outcome() == CeremonyOutcome::OtherCredential);
  ceremony.credential_id = ceremony.enrolled.id;
  ceremony.credential_id.pop_back();
  CHECK(ceremony.outcome() == CeremonyOutcome::OtherCredential);
  ceremony.credential_id.clear();
  CHECK(ceremony.outcome() == CeremonyOutcome::OtherCredential);
}

TEST(Fido2Assertion, F29cSignatureIsOfTheEnrolledKeyAlone) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    Ceremony ceremony(algorithm);
    const Fido2Signer other(algorithm);
    const Bytes message = joined({ceremony.auth_data, ceremony.demand.client_data_hash});
    CHECK(ceremony.outcome(other.sign(message)) == CeremonyOutcome::BadSignature);
    CHECK(ceremony.outcome(ceremony.signer.sign(message)) == CeremonyOutcome::Good);
  }
}

TEST(Fido2Assertion, F29cSignatureIsOverThisChallengeAndThisData) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    Ceremony ceremony(algorithm);
    const Bytes signature = ceremony.signature();
    ceremony.demand.client_data_hash.back() ^= 1;
    CHECK(ceremony.outcome(signature) == CeremonyOutcome::BadSignature);
    ceremony.demand.client_data_hash.back() ^= 1;
    ceremony.auth_data = auth_data_of(kRp, kUp | kUv, 8);
    CHECK(ceremony.outcome(signature) == CeremonyOutcome::BadSignature);
    ceremony.auth_data = auth_data_of(kRp, kUp, 9);
    CHECK(ceremony.outcome(signature) == CeremonyOutcome::BadSignature);
  }
}

TEST(Fido2Assertion, F29cNeedsAWholeSignature) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    const Ceremony ceremony(algorithm);
    const Bytes whole = ceremony.signature();
    CHECK(ceremony.outcome({}) == CeremonyOutcome::BadSignature);
    CHECK(ceremony.outcome(Bytes{0}) == CeremonyOutcome::BadSignature);
    CHECK(ceremony.outcome(Bytes(whole.begin(), whole.end() - 1)) == CeremonyOutcome::BadSignature);
    CHECK(ceremony.outcome(joined({whole, Bytes{0}})) == CeremonyOutcome::BadSignature);
    CHECK(ceremony.outcome(Bytes(whole.size())) == CeremonyOutcome::BadSignature);
    for (std::size_t i = 0; i < whole.size(); i += 7) {
      Bytes flipped = whole;
      flipped[i] ^= 0x10;
      CHECK(ceremony.outcome(flipped) == CeremonyOutcome::BadSignature);
    }
  }
}

TEST(Fido2Assertion, F29cTakesNoDegenerateOrMalformedEcdsaSignature) {
  const Ceremony ceremony;
  const auto refuses = [&](const Bytes& signature) {
    return ceremony.outcome(signature) == CeremonyOutcome::BadSignature;
  };
  CHECK_TRUE(refuses(der(small(0), small(0))));
  CHECK_TRUE(refuses(der(small(0), small(1))));
  CHECK_TRUE(refuses(der(small(1), small(0))));
  CHECK_TRUE(refuses(der(small(1), small(1))));
  const Bytes good = ceremony.signature();
  Bytes long_form = good;  // the same numbers, with their length in a form that DER does not have
  long_form.insert(long_form.begin() + 1, 0x81);
  CHECK_TRUE(refuses(long_form));
  Bytes set = good;
  set[0] = 0x31;
  CHECK_TRUE(refuses(set));
  // r and s without DER.
  CHECK_TRUE(refuses(Bytes(64, 1)));
}

// Authenticators send the one as often as the other, and a challenge is good for one answer anyway.
TEST(Fido2Assertion, F29cTakesEitherOfTheTwoEcdsaSignatures) {
  const Ceremony ceremony;
  const Bytes one = ceremony.signature();
  const Bytes other = with_other_s(one);
  CHECK_TRUE(one != other);
  CHECK(ceremony.outcome(one) == CeremonyOutcome::Good);
  CHECK(ceremony.outcome(other) == CeremonyOutcome::Good);
}

TEST(Fido2Assertion, F29cAlgorithmIsThatOfTheEnrolment) {
  for (const CoseAlgorithm enrolled : kAlgorithms) {
    for (const CoseAlgorithm used : kAlgorithms) {
      const Ceremony ceremony(enrolled);
      const Bytes message = joined({ceremony.auth_data, ceremony.demand.client_data_hash});
      if (used == enrolled) continue;
      CHECK(ceremony.outcome(Fido2Signer(used).sign(message)) == CeremonyOutcome::BadSignature);
    }
  }
}

TEST(Fido2Assertion, FailsWithAnEnrolledKeyThatCannotBeUsed) {
  const auto error_with = [](const Fido2PublicKey& key) {
    Ceremony ceremony;
    const Bytes signature = ceremony.signature();
    ceremony.enrolled.public_key = key;
    const auto verdict = ceremony.judge(signature);
    CHECK_FALSE(verdict.has_value());
    return verdict ? Errc::Internal : verdict.error().code;
  };
  const Fido2PublicKey good = Fido2Signer().public_key();
  Fido2PublicKey spoilt = good;
  spoilt.algorithm = CoseAlgorithm::EdDsa;  // would read the front of a longer key
  CHECK(error_with(spoilt) == Errc::Malformed);
  spoilt.algorithm = CoseAlgorithm::Rs256;
  CHECK(error_with(spoilt) == Errc::Malformed);
  spoilt.algorithm = static_cast<CoseAlgorithm>(4);
  CHECK(error_with(spoilt) == Errc::Malformed);
  spoilt = good;
  spoilt.key.back() ^= 1;  // not on the curve
  CHECK(error_with(spoilt) == Errc::Malformed);
  spoilt = good;
  spoilt.key.pop_back();
  CHECK(error_with(spoilt) == Errc::Malformed);
  spoilt.key.clear();
  CHECK(error_with(spoilt) == Errc::Malformed);
}

TEST(Fido2Assertion, KeyIsUsableWithItsOwnAlgorithmAlone) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    Fido2PublicKey key = Fido2Signer(algorithm).public_key();
    LONGS_EQUAL(key_size_of(algorithm), key.key.size());
    CHECK_TRUE(require_usable(key).has_value());
    key.key.push_back(0);
    CHECK_FALSE(require_usable(key).has_value());
  }
}
