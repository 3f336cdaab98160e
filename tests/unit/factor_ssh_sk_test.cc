// SPDX-License-Identifier: ISC
// Each check fails on its own: everything else about the signature is right, and signed.
#include <cstdint>
#include <string>
#include <string_view>

#include "stepupd/factor/base64.h"
#include "stepupd/factor/ssh_sk.h"
#include "tests/unit/ssh_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

constexpr CoseAlgorithm kAlgorithms[] = {CoseAlgorithm::Es256, CoseAlgorithm::EdDsa};

Result<AssertionVerdict> judge(const SshCeremony& ceremony, const Bytes& signature,
                               std::uint32_t before = 7) {
  return judge_ssh_signature(ceremony.key(), before, ceremony.demand, signature);
}
CeremonyOutcome outcome(const SshCeremony& ceremony, const Bytes& signature) {
  const auto verdict = judge(ceremony, signature);
  CHECK_TRUE(verdict.has_value());
  return verdict ? verdict->outcome : CeremonyOutcome::Good;
}
CeremonyOutcome outcome(const SshCeremony& ceremony) {
  return outcome(ceremony, ceremony.signature());
}

}  // namespace

TEST_GROUP(SshSignature){};

TEST(SshSignature, WhatIsAskedForIsSignedDataOfSshsigInOurNamespace) {
  const Sha256Digest hash = {1, 2, 3};
  CHECK_TRUE(sshsig_of(hash) == joined({bytes_of("SSHSIG"), ssh_string("stepup"), ssh_string(""),
                                        ssh_string("sha256"), ssh_string(hash)}));
}

TEST(SshSignature, IsGoodFromEachType) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    SshCeremony ceremony(algorithm);
    ceremony.flags = kUp | kUv;
    ceremony.counter = 0x0102'0304;
    const auto verdict = judge(ceremony, ceremony.signature());
    CHECK_TRUE(verdict.has_value());
    CHECK(verdict->outcome == CeremonyOutcome::Good);
    CHECK((verdict->flags == AuthenticatorFlags{.up = true, .uv = true}));
    LONGS_EQUAL(0x0102'0304, verdict->sign_count);
  }
}

// Signatures over the message "hi\n" that ssh-keygen(1) of OpenSSH 9.2 made and found good.
TEST(SshSignature, IsGoodAsOpensshMakesIt) {
  const struct {
    const char* blob;
    const char* signature;
  } rows[] = {
      {"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIMydVIOJqHfwQdNjls/"
       "mKIj12V+kkU3qx2GcyWasrvcEAAAA"
       "BHNzaDo=",                                                                         "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQJCVSM0Kl4U+/"
       "gsSsDxyLi9P6Ydu0FJ3hDXmfhgAPmp4jvoo"
       "YP0Q2+JAjAMJMHqAto9F/b8NfmucJuDad+SNVwABAAAAAQ=="                                                                                            },
      {"AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBFoeO985kwtlf8Hzh2N"
       "a"
       "3htQXzlOYiL+JuH257JQGOqE1pTEbQmQzKW0NkWXAAL03/+i0lf2w5tdq15rBbWNZ60AAAAEc3NoOg==", "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAABJAAAAIQDaFMTQ1w9QTOsyMa6kqHJI41lB5vD"
       "V"
       "MdLtNf2ohCqKIwAAACB3hg5kJOItSqijJ/3pMZFsk6Z5CCX9Wh5lfCNfHFlvewEAAAAC"},
  };
  SshSkDemand demand{.message_hash = sha256(bytes_of("hi\n")).value_or(Sha256Digest{}),
                     .uv = false};
  for (const auto& row : rows) {
    const auto key = read_ssh_sk_blob(read_base64(row.blob).value_or(Bytes{}));
    CHECK_TRUE(key.has_value());
    const Bytes signature = read_base64(row.signature).value_or(Bytes{});
    CHECK(judge_ssh_signature(*key, 0, demand, signature)->outcome == CeremonyOutcome::Good);
    CHECK(judge_ssh_signature(*key, 2, demand, signature)->outcome ==
          CeremonyOutcome::CounterWentBack);
  }
}

// The first byte of each number decides whether SSH puts a zero in front.
TEST(SshSignature, IsGoodWhateverItsNumbersBeginWith) {
  const SshCeremony ceremony;
  for (int i = 0; i < 12; ++i) CHECK(outcome(ceremony) == CeremonyOutcome::Good);
}

TEST(SshSignature, V12IsForOneMessageAlone) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    SshCeremony ceremony(algorithm);
    const Bytes signature = ceremony.signature();
    ceremony.demand.message_hash.back() ^= 1;
    CHECK(outcome(ceremony, signature) == CeremonyOutcome::BadSignature);
  }
}

TEST(SshSignature, V12IsOfNoOtherNamespaceNorOfALogin) {
  SshCeremony ceremony;
  const auto refuses = [&](const Bytes& asked) {
    ceremony.asked = asked;
    return outcome(ceremony) == CeremonyOutcome::BadSignature;
  };
  const auto sshsig = [&](std::string_view name, std::string_view algorithm) {
    return joined({bytes_of("SSHSIG"), ssh_string(name), ssh_string(""), ssh_string(algorithm),
                   ssh_string(ceremony.demand.message_hash)});
  };
  CHECK_TRUE(refuses(sshsig("file", "sha256")));
  CHECK_TRUE(refuses(sshsig("stepup", "sha512")));
  CHECK_TRUE(refuses(joined({ceremony.demand.message_hash})));
  CHECK_FALSE(refuses(sshsig("stepup", "sha256")));
}

TEST(SshSignature, IsOfTheEnrolledKeyAlone) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    const SshCeremony ceremony(algorithm);
    const SshCeremony other(algorithm);
    CHECK(outcome(ceremony, other.signature()) == CeremonyOutcome::BadSignature);
  }
}

TEST(SshSignature, IsOfTheEnrolledApplicationAlone) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    SshCeremony ceremony(algorithm);
    ceremony.application = "ssh:elsewhere";
    CHECK(outcome(ceremony) == CeremonyOutcome::BadSignature);
  }
}

TEST(SshSignature, IsOfTheTypeOfTheEnrolledKey) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    const SshCeremony ceremony(algorithm);
    const Bytes numbers = ceremony.numbers(ceremony.asked);
    for (const std::string_view type :
         {kSkEcdsa, kSkEd25519, std::string_view("ssh-ed25519"), std::string_view("")}) {
      if (type == (ceremony.ecdsa() ? kSkEcdsa : kSkEd25519)) continue;
      CHECK(outcome(ceremony, ceremony.answer(type, numbers)) == CeremonyOutcome::OtherCredential);
    }
  }
  const SshCeremony ed25519(CoseAlgorithm::EdDsa);
  CHECK(outcome(ed25519, ed25519.webauthn(ed25519.client_data())) ==
        CeremonyOutcome::OtherCredential);
  CHECK(outcome(ed25519, {}) == CeremonyOutcome::OtherCredential);
}

TEST(SshSignature, NeedsUserPresenceInWhatWasSigned) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    SshCeremony ceremony(algorithm);
    ceremony.flags = 0;
    CHECK(outcome(ceremony) == CeremonyOutcome::NoUserPresence);
    ceremony.flags = kUv;
    CHECK(outcome(ceremony) == CeremonyOutcome::NoUserPresence);
    // Said, and not signed.
    const Bytes numbers = ceremony.numbers(ceremony.asked);
    ceremony.flags = kUp | kUv;
    CHECK(outcome(ceremony, ceremony.answer(ceremony.ecdsa() ? kSkEcdsa : kSkEd25519, numbers)) ==
          CeremonyOutcome::BadSignature);
  }
}

TEST(SshSignature, NeedsUserVerificationWhereItIsDemanded) {
  SshCeremony ceremony;
  ceremony.demand.uv = true;
  CHECK(outcome(ceremony) == CeremonyOutcome::NoUserVerification);
  ceremony.flags = kUp | kUv;
  CHECK(outcome(ceremony) == CeremonyOutcome::Good);
  ceremony.demand.uv = false;
  CHECK_TRUE(judge(ceremony, ceremony.signature())->flags.uv);
}

// With either there would be further bytes between the counter and the hash.
TEST(SshSignature, AttestedDataAndExtensionsAreRefused) {
  for (const std::uint8_t flag : {kAt, kEd}) {
    for (const CoseAlgorithm algorithm : kAlgorithms) {
      SshCeremony ceremony(algorithm);
      ceremony.flags = kUp | flag;
      CHECK(outcome(ceremony) == CeremonyOutcome::Malformed);
    }
    SshCeremony ceremony;
    ceremony.flags = kUp | flag;
    CHECK(outcome(ceremony, ceremony.webauthn(ceremony.client_data())) ==
          CeremonyOutcome::Malformed);
  }
}

TEST(SshSignature, CounterMustGoUpUnlessThereIsNone) {
  struct Row {
    std::uint32_t before, now;
    CeremonyOutcome outcome;
  };
  constexpr Row kRows[] = {
      {7, 8,           CeremonyOutcome::Good           },
      {7, 7,           CeremonyOutcome::CounterWentBack},
      {7, 6,           CeremonyOutcome::CounterWentBack},
      {7, 0,           CeremonyOutcome::CounterWentBack},
      {0, 0,           CeremonyOutcome::Good           },
      {7, 0xffff'ffff, CeremonyOutcome::Good           },
  };
  for (const Row& row : kRows) {
    SshCeremony ceremony(CoseAlgorithm::EdDsa);
    ceremony.counter = row.now;
    const auto verdict = judge(ceremony, ceremony.signature(), row.before);
    CHECK(verdict->outcome == row.outcome);
    LONGS_EQUAL(row.now, verdict->sign_count);
  }
}

TEST(SshSignature, WithoutASignatureNothingIsTold) {
  SshCeremony ceremony;
  ceremony.counter = 6;
  ceremony.flags = kUp | kUv;
  const auto verdict = judge(ceremony, ceremony.answer(kSkEcdsa, SshCeremony().numbers({})));
  CHECK(verdict->outcome == CeremonyOutcome::BadSignature);
  LONGS_EQUAL(0, verdict->sign_count);
  CHECK(verdict->flags == AuthenticatorFlags{});
}

TEST(SshSignature, IsWholeAndHasNothingAfterIt) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    const SshCeremony ceremony(algorithm);
    const Bytes whole = ceremony.signature();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes front(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto refused = outcome(ceremony, front);
      CHECK(refused == CeremonyOutcome::Malformed || refused == CeremonyOutcome::OtherCredential);
    }
    CHECK(outcome(ceremony, joined({whole, Bytes{0}})) == CeremonyOutcome::Malformed);
    CHECK(outcome(ceremony, joined({whole, ssh_string(""), ssh_string(""), ssh_string("")})) ==
          CeremonyOutcome::Malformed);
  }
}

TEST(SshSignature, Ed25519HasItsSize) {
  const SshCeremony ceremony(CoseAlgorithm::EdDsa);
  Bytes made = ceremony.numbers(ceremony.asked);
  CHECK(outcome(ceremony, ceremony.answer(kSkEd25519, {})) == CeremonyOutcome::Malformed);
  made.push_back(0);
  CHECK(outcome(ceremony, ceremony.answer(kSkEd25519, made)) == CeremonyOutcome::BadSignature);
  made.resize(63);
  CHECK(outcome(ceremony, ceremony.answer(kSkEd25519, made)) == CeremonyOutcome::BadSignature);
}

TEST(SshSignature, NumbersAreWrittenInTheOneWay) {
  const SshCeremony ceremony;
  const Bytes good = ceremony.numbers(ceremony.asked);
  const std::size_t r_size = good[3];
  const Bytes r(good.begin() + 4, good.begin() + 4 + static_cast<std::ptrdiff_t>(r_size));
  const Bytes s(good.begin() + 8 + static_cast<std::ptrdiff_t>(r_size), good.end());
  const auto with = [&](const Bytes& first, const Bytes& second) {
    return outcome(ceremony,
                   ceremony.answer(kSkEcdsa, joined({ssh_string(first), ssh_string(second)})));
  };
  CHECK(with(r, s) == CeremonyOutcome::Good);
  for (const Bytes& bad : {
           Bytes{},
           Bytes{0},
           Bytes{0, 1},
           Bytes{0, 0, 0x80},
           Bytes{0x80},
           joined({Bytes{0}, Bytes(33, 0x80)}
           ), joined({Bytes{0}, r}
           ), Bytes(34, 1)
  }) {
    if (bad == joined({Bytes{0}, r}) && (r[0] & 0x80) != 0) continue;
    CHECK(with(bad, s) == CeremonyOutcome::Malformed);
    CHECK(with(r, bad) == CeremonyOutcome::Malformed);
  }
  // Well written, and of nobody.
  for (const Bytes& other : {
           Bytes{1},
           Bytes{0x7f},
           Bytes{0, 0x80},
           Bytes{0, 0xff},
           joined({Bytes{0}, Bytes(32, 0xff)}
           ), Bytes(33, 1)
  }) {
    CHECK(with(other, s) == CeremonyOutcome::BadSignature);
    CHECK(with(r, other) == CeremonyOutcome::BadSignature);
  }
  CHECK(outcome(ceremony, ceremony.answer(kSkEcdsa, joined({good, Bytes{0}}))) ==
        CeremonyOutcome::Malformed);
  CHECK(outcome(ceremony, ceremony.answer(kSkEcdsa, ssh_string(r))) == CeremonyOutcome::Malformed);
}

TEST(SshSignature, IsGoodFromABrowser) {
  SshCeremony ceremony;
  for (std::uint8_t i = 0; i < 8; ++i) {  // both signs that base 64 for URLs has of its own
    ceremony.demand.message_hash.fill(static_cast<std::uint8_t>(0xf8 + i));
    ceremony.asked = sshsig_of(ceremony.demand.message_hash);
    CHECK(outcome(ceremony, ceremony.webauthn(ceremony.client_data())) == CeremonyOutcome::Good);
  }
  const std::string client_data = ceremony.client_data("");
  CHECK(outcome(ceremony, ceremony.webauthn(client_data, "")) == CeremonyOutcome::Good);
}

TEST(SshSignature, V12ABrowsersIsForOneMessageAlone) {
  SshCeremony ceremony;
  const Bytes signature = ceremony.webauthn(ceremony.client_data());
  ceremony.demand.message_hash.back() ^= 1;
  CHECK(outcome(ceremony, signature) == CeremonyOutcome::BadSignature);
}

TEST(SshSignature, ABrowsersIsOverItsClientData) {
  const SshCeremony ceremony;
  const std::string client_data = ceremony.client_data();
  const std::string other = client_data + " ";
  const Bytes head = ceremony.answer(kWebauthnSkEcdsa, ceremony.numbers(bytes_of(client_data)));
  const auto with = [&](std::string_view said) {
    return outcome(ceremony, joined({head, ssh_string("https://example.org"), ssh_string(said),
                                     ssh_string("")}));
  };
  CHECK(with(client_data) == CeremonyOutcome::Good);
  CHECK(with(other) == CeremonyOutcome::BadSignature);
  CHECK(with("") == CeremonyOutcome::BadSignature);
}

// All of these are signed.
TEST(SshSignature, ClientDataSaysWhatItIsForInTheOneOrder) {
  const SshCeremony ceremony;
  const std::string good = ceremony.client_data();
  const auto refuses = [&](const std::string& client_data, std::string_view origin) {
    return outcome(ceremony, ceremony.webauthn(client_data, origin)) ==
           CeremonyOutcome::BadSignature;
  };
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  constexpr std::string_view kOrigin = "https://example.org";
  CHECK_FALSE(refuses(good, kOrigin));
  CHECK_TRUE(refuses(changed("webauthn.get", "webauthn.create"), kOrigin));
  CHECK_TRUE(refuses(changed("challenge", "chalenge"), kOrigin));
  CHECK_TRUE(refuses(changed("https", "http"), kOrigin));
  CHECK_TRUE(refuses(good, "https://example.com"));
  CHECK_TRUE(refuses(good, "https://example.org/"));
  CHECK_TRUE(refuses(changed("{", "{ "), kOrigin));
  CHECK_TRUE(refuses(changed("{", R"({"origin":"https://example.org",)"), kOrigin));
  CHECK_TRUE(refuses(good.substr(0, good.find("example")), kOrigin));
  // An origin that ends in a quote and goes on.
  CHECK_TRUE(refuses(good, R"(https://example.org","crossOrigin":false})"));
  CHECK_TRUE(refuses(ceremony.client_data(R"(a","b":"c)"), R"(a","b":"c)"));
}

TEST(SshSignature, ABrowsersHasNoExtensionsAndNothingAfterThem) {
  const SshCeremony ceremony;
  const std::string client_data = ceremony.client_data();
  const Bytes good = ceremony.webauthn(client_data);
  CHECK(outcome(ceremony, ceremony.webauthn(client_data, "https://example.org", "\xa0")) ==
        CeremonyOutcome::Malformed);
  CHECK(outcome(ceremony, joined({good, Bytes{0}})) == CeremonyOutcome::Malformed);
  CHECK(outcome(ceremony, Bytes(good.begin(), good.end() - 1)) == CeremonyOutcome::Malformed);
  CHECK(outcome(ceremony, ceremony.answer(kSkEcdsa, ceremony.numbers(bytes_of(client_data)))) ==
        CeremonyOutcome::BadSignature);
}

TEST(SshSignature, FailsWithAnEnrolledKeyThatCannotBeUsed) {
  const SshCeremony ceremony;
  SshSkKey spoilt = ceremony.key();
  spoilt.public_key.key.back() ^= 1;
  const auto verdict = judge_ssh_signature(spoilt, 7, ceremony.demand, ceremony.signature());
  CHECK_FALSE(verdict.has_value());
  CHECK(verdict.error().code == Errc::Malformed);
}
