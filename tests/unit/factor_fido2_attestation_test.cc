// SPDX-License-Identifier: ISC
#include <cstdint>
#include <string>
#include <string_view>

#include "stepupd/factor/fido2_attestation.h"
#include "tests/unit/fido2_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

constexpr std::string_view kRp = "stepup:0123456789abcdef";
const Bytes kNothing = {0xa0};

// A new credential that is right unless a test spoils it.
struct Enrolment {
  Fido2Signer signer;
  CeremonyDemand demand{
      .rp_id = kRp, .client_data_hash = {1, 2, 3},
           .uv = false
  };
  CoseAlgorithm algorithm;
  Bytes id = Bytes(48, 0xc1);
  Bytes auth_data;
  std::string format = "none";
  Bytes attestation = kNothing;

  explicit Enrolment(CoseAlgorithm made = CoseAlgorithm::Es256) : signer(made), algorithm(made) {
    make(kUp | kAt);
  }

  void make(std::uint8_t flags) { make(flags, attested_of(id, signer.cose_key())); }
  void make(std::uint8_t flags, const Bytes& attested) {
    auth_data = auth_data_of(kRp, flags, 3, attested);
  }
  [[nodiscard]] Bytes signed_bytes() const { return joined({auth_data, demand.client_data_hash}); }

  // Attests with the new key itself.
  void attest_itself() {
    format = "packed";
    attestation = cbor_map({
        {cbor_text("alg"), cbor_number(signer.cose_number())      },
        {cbor_text("sig"), cbor_bytes(signer.sign(signed_bytes()))}
    });
  }
  // Attests with a key that has a certificate.
  void attest_with(const Fido2Signer& maker) {
    format = "packed";
    attestation = cbor_map({
        {cbor_text("alg"), cbor_number(maker.cose_number())             },
        {cbor_text("sig"), cbor_bytes(maker.sign(signed_bytes()))       },
        {cbor_text("x5c"), cbor_array({cbor_bytes(maker.certificate())})}
    });
  }
  // Attests as U2F does.
  void attest_as_u2f(const Fido2Signer& maker) {
    format = "fido-u2f";
    const Bytes message = joined({Bytes{0}, std::span(auth_data).first(32), demand.client_data_hash,
                                  id, Bytes{4}, signer.public_key().key});
    attestation = cbor_map({
        {cbor_text("sig"), cbor_bytes(maker.sign(message))              },
        {cbor_text("x5c"), cbor_array({cbor_bytes(maker.certificate())})}
    });
  }

  [[nodiscard]] NewCredentialVerdict judge() const {
    const auto verdict = judge_new_credential(demand, {algorithm, auth_data, format, attestation});
    CHECK_TRUE(verdict.has_value());
    return verdict.value_or(NewCredentialVerdict{});
  }
  [[nodiscard]] CeremonyOutcome outcome() const { return judge().outcome; }
};

}  // namespace

TEST_GROUP(Fido2Attestation){};

TEST(Fido2Attestation, GivesWhatTheAuthenticatorMade) {
  for (const CoseAlgorithm algorithm :
       {CoseAlgorithm::Es256, CoseAlgorithm::EdDsa, CoseAlgorithm::Rs256}) {
    Enrolment enrolment(algorithm);
    enrolment.make(kUp | kUv | kBe | kBs | kAt);
    const NewCredentialVerdict made = enrolment.judge();
    CHECK(made.outcome == CeremonyOutcome::Good);
    CHECK(made.attestation == AttestationKind::None);
    CHECK(made.credential.id == enrolment.id);
    CHECK(made.credential.public_key == enrolment.signer.public_key());
    LONGS_EQUAL(3, made.credential.sign_count);
    CHECK((made.flags == AuthenticatorFlags{.up = true, .uv = true, .be = true, .bs = true}));
    Aaguid aaguid{};
    aaguid.fill(0xa6);
    CHECK(made.aaguid == aaguid);
  }
}

TEST(Fido2Attestation, TellsWhatVouchesForTheCredential) {
  for (const CoseAlgorithm algorithm :
       {CoseAlgorithm::Es256, CoseAlgorithm::EdDsa, CoseAlgorithm::Rs256}) {
    Enrolment enrolment(algorithm);
    enrolment.attest_itself();
    CHECK(enrolment.judge().outcome == CeremonyOutcome::Good);
    CHECK(enrolment.judge().attestation == AttestationKind::Self);
  }
  Enrolment enrolment;
  enrolment.attest_with(Fido2Signer());
  CHECK(enrolment.judge().outcome == CeremonyOutcome::Good);
  CHECK(enrolment.judge().attestation == AttestationKind::Certificate);
  enrolment.attest_as_u2f(Fido2Signer());
  CHECK(enrolment.judge().outcome == CeremonyOutcome::Good);
  CHECK(enrolment.judge().attestation == AttestationKind::U2f);
}

TEST(Fido2Attestation, NamesAModelAsMakersDo) {
  const Aaguid model = {0x2f, 0xc0, 0x57, 0x9f, 0x81, 0x13, 0x47, 0xea,
                        0xb1, 0x16, 0xbb, 0x5a, 0x8d, 0xb9, 0x20, 0x2a};
  STRCMP_EQUAL("2fc0579f-8113-47ea-b116-bb5a8db9202a", to_string(model).c_str());
}

TEST(Fido2Attestation, OfNoneMayAlsoSayNothingAtAll) {
  Enrolment enrolment;
  enrolment.attestation.clear();
  CHECK(enrolment.outcome() == CeremonyOutcome::Good);
  enrolment.attest_itself();
  enrolment.format = "none";  // with a statement that nobody would look at
  CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
  enrolment.attestation = {0x80};
  CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
}

TEST(Fido2Attestation, F29cIsOverThisChallengeAndThisCredential) {
  const Fido2Signer maker;
  for (int form = 0; form < 3; ++form) {
    Enrolment enrolment;
    const auto attest = [&] {
      if (form == 0) enrolment.attest_itself();
      if (form == 1) enrolment.attest_with(maker);
      if (form == 2) enrolment.attest_as_u2f(maker);
    };
    attest();
    enrolment.demand.client_data_hash.back() ^= 1;
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
    attest();
    CHECK(enrolment.outcome() == CeremonyOutcome::Good);
    enrolment.make(kUp | kAt, attested_of(Bytes(48, 0xc2), enrolment.signer.cose_key()));
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
    enrolment.make(kUp | kAt, attested_of(enrolment.id, Fido2Signer().cose_key()));
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
  }
}

TEST(Fido2Attestation, F29cSignatureMustBeThereAndWhole) {
  for (const bool certified : {false, true}) {
    Enrolment enrolment;
    const auto attest_with = [&](const Bytes& signature) {
      enrolment.format = "packed";
      const Bytes alg = cbor_number(-7);
      enrolment.attestation =
          certified
              ? cbor_map({
                    {cbor_text("alg"), alg                                                     },
                    {cbor_text("sig"), cbor_bytes(signature)                                   },
                    {cbor_text("x5c"), cbor_array({cbor_bytes(enrolment.signer.certificate())})}
      })
              : cbor_map({{cbor_text("alg"), alg}, {cbor_text("sig"), cbor_bytes(signature)}});
    };
    const Bytes whole = enrolment.signer.sign(enrolment.signed_bytes());
    attest_with(whole);
    CHECK(enrolment.outcome() == CeremonyOutcome::Good);
    attest_with({});
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
    attest_with(Bytes(whole.begin(), whole.end() - 1));
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
    attest_with(joined({whole, Bytes{0}}));
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
  }
  Enrolment enrolment;
  enrolment.format = "packed";
  enrolment.attestation = cbor_map({
      {cbor_text("alg"), cbor_number(-7)}
  });
  CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
}

TEST(Fido2Attestation, F29cIsOfAKeyWithACertificateThatCanBeRead) {
  Enrolment enrolment;
  enrolment.format = "packed";
  const Bytes signature = enrolment.signer.sign(enrolment.signed_bytes());
  for (const Bytes& certificate : {
           Bytes{},
           Bytes{0x30, 0x00},
           Bytes(300, 0x30)
  }) {
    enrolment.attestation = cbor_map({
        {cbor_text("alg"), cbor_number(-7)                      },
        {cbor_text("sig"), cbor_bytes(signature)                },
        {cbor_text("x5c"), cbor_array({cbor_bytes(certificate)})}
    });
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
  }
}

TEST(Fido2Attestation, IsOfAFormThatStepupKnows) {
  for (const char* format : {"", "tpm", "android-key", "apple", "packed ", "NONE"}) {
    Enrolment enrolment;
    enrolment.attest_itself();
    enrolment.format = format;
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
    enrolment.attestation = kNothing;
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
    enrolment.attest_as_u2f(enrolment.signer);
    enrolment.format = format;
    CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
  }
}

// U2F knows no other algorithm, and its certificate is never left out.
TEST(Fido2Attestation, OfU2fIsOfAnEs256KeyWithACertificate) {
  Enrolment other(CoseAlgorithm::EdDsa);
  other.attest_as_u2f(Fido2Signer());
  CHECK(other.outcome() == CeremonyOutcome::BadAttestation);
  Enrolment enrolment;
  enrolment.attest_as_u2f(enrolment.signer);
  CHECK(enrolment.outcome() == CeremonyOutcome::Good);
  const Bytes message =
      joined({Bytes{0}, std::span(enrolment.auth_data).first(32), enrolment.demand.client_data_hash,
              enrolment.id, Bytes{4}, enrolment.signer.public_key().key});
  enrolment.attestation = cbor_map({
      {cbor_text("sig"), cbor_bytes(enrolment.signer.sign(message))}
  });
  CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
}

TEST(Fido2Attestation, F29aIsMalformedUnlessItsPartsFitExactly) {
  Enrolment enrolment;
  const Bytes key = enrolment.signer.cose_key();
  const Bytes whole = attested_of(enrolment.id, key);
  for (const std::size_t size : {std::size_t{0}, std::size_t{17}, std::size_t{18}, std::size_t{65},
                                 std::size_t{66}, whole.size() - 1}) {
    enrolment.make(kUp | kAt,
                   Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
  }
  enrolment.make(kUp | kAt, joined({whole, Bytes{0}}));
  CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
  enrolment.make(kUp | kAt | kEd, joined({whole, kNothing}));  // extensions nobody asked for
  CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
  enrolment.make(kUp | kBs | kAt, whole);
  CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
  enrolment.make(kUp, {});  // no credential at all
  CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
  enrolment.auth_data.clear();
  CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
  enrolment.make(kUp | kAt, whole);
  CHECK(enrolment.outcome() == CeremonyOutcome::Good);
}

TEST(Fido2Attestation, F29aIdHasOneTo1023Bytes) {
  Enrolment enrolment;
  const Bytes key = enrolment.signer.cose_key();
  const auto outcome_of = [&](std::size_t size) {
    enrolment.make(kUp | kAt, attested_of(Bytes(size, 1), key));
    return enrolment.outcome();
  };
  CHECK(outcome_of(0) == CeremonyOutcome::Malformed);
  CHECK(outcome_of(1) == CeremonyOutcome::Good);
  CHECK(outcome_of(1023) == CeremonyOutcome::Good);
  CHECK(outcome_of(1024) == CeremonyOutcome::Malformed);
}

TEST(Fido2Attestation, F29aIsOfThisRelyingPartyAndWithUserPresence) {
  Enrolment enrolment;
  enrolment.auth_data = auth_data_of("stepup:other", kUp | kAt, 3,
                                     attested_of(enrolment.id, enrolment.signer.cose_key()));
  CHECK(enrolment.outcome() == CeremonyOutcome::OtherRp);
  enrolment.make(kUv | kAt);
  CHECK(enrolment.outcome() == CeremonyOutcome::NoUserPresence);
}

TEST(Fido2Attestation, V04CountsUserVerificationAsReturnedNotAsAskedFor) {
  Enrolment enrolment;
  enrolment.demand.uv = true;
  CHECK(enrolment.outcome() == CeremonyOutcome::NoUserVerification);
  enrolment.make(kUp | kUv | kAt);
  CHECK(enrolment.outcome() == CeremonyOutcome::Good);
}

TEST(Fido2Attestation, F29cKeyIsOfTheAlgorithmThatWasAskedFor) {
  Enrolment enrolment;
  enrolment.algorithm = CoseAlgorithm::EdDsa;
  CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
  enrolment.algorithm = CoseAlgorithm::Rs256;
  CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
}

// With an attestation of None nothing else would notice before the first step-up.
TEST(Fido2Attestation, KeyIsAPointOfItsCurve) {
  Enrolment enrolment;
  Bytes key = enrolment.signer.cose_key();
  key.back() ^= 1;
  enrolment.make(kUp | kAt, attested_of(enrolment.id, key));
  CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
}

TEST(Fido2Attestation, F29bRefusesAHostileStatementBeforeAnythingIsReserved) {
  const Bytes sig = cbor_text("sig");
  const Bytes x5c = cbor_text("x5c");
  const Bytes statements[] = {
      {},
      {0x80}, // no map
      {0xbf, 0xff}, // of indefinite length
      joined({Bytes{0xa0}, Bytes{0x00}}
      ), // and more
      cbor_head(5, ~0ULL), // 2^64 pairs
      cbor_head(5, 1ULL << 40),
      joined({Bytes{0xa1}, x5c, cbor_head(4, 1ULL << 40)}
      ),
      joined({Bytes{0xa1}, x5c, cbor_head(4, ~0ULL)}
      ),
      joined({Bytes{0xa1}, sig, cbor_head(2, 1ULL << 40)}
      ),
      joined({Bytes{0xa1}, sig, cbor_head(2, ~0ULL)}
      ),
      joined({Bytes{0xa1}, x5c, Bytes(10'000, 0x81)}
      ), // arrays in arrays
      joined({Bytes(10'000, 0xa1)}
      ), // maps as keys
      cbor_map({{sig, cbor_bytes({})}, {sig, cbor_bytes({})}}
      ),
      cbor_map({{sig, Bytes{0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0}}}
      ), // NaN
      cbor_map({{sig, Bytes{0xc2, 0x41, 0x01}}}
      ), // a tag
  };
  for (const Bytes& statement : statements) {
    for (const char* format : {"packed", "fido-u2f"}) {
      Enrolment enrolment;
      enrolment.format = format;
      enrolment.attestation = statement;
      CHECK(enrolment.outcome() == CeremonyOutcome::BadAttestation);
    }
  }
}

TEST(Fido2Attestation, F29bRefusesAHostileKeyBeforeAnythingIsReserved) {
  const Bytes keys[] = {
      {0x00},
      {0x80},
      {0xbf, 0xff},
      cbor_head(5, 1ULL << 40),
      cbor_head(5, ~0ULL),
      joined({Bytes{0xa1, 0x20}, cbor_head(2, ~0ULL)}
      ),
      joined({Bytes{0xa1, 0x20}, Bytes(7'000, 0x81)}
      ),
      {0xa2, 0x01, 0x02, 0x01, 0x02}, // kty twice
      kNothing,
  };
  for (const Bytes& key : keys) {
    Enrolment enrolment;
    enrolment.make(kUp | kAt, attested_of(enrolment.id, key));
    CHECK(enrolment.outcome() == CeremonyOutcome::Malformed);
  }
}
