// SPDX-License-Identifier: ISC
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>
#include <string_view>

#include "stepupd/factor/base64.h"
#include "stepupd/factor/public_key_text.h"
#include "tests/unit/fido2_signer.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::factor;

namespace {

constexpr CoseAlgorithm kAlgorithms[] = {CoseAlgorithm::Es256, CoseAlgorithm::EdDsa,
                                         CoseAlgorithm::Rs256};

std::string base64(const Bytes& bytes) {
  std::string text(bytes.size() * 2 + 4, '\0');
  // SAFETY: any object may be read and written as unsigned char.
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Bytes spki(EVP_PKEY* key) {
  Bytes der(static_cast<std::size_t>(i2d_PUBKEY(key, nullptr)));
  unsigned char* end = der.data();
  (void)i2d_PUBKEY(key, &end);
  return der;
}

// In lines of 64, as openssl(1) writes it.
std::string pem(const Bytes& der) {
  std::string body = base64(der);
  for (std::size_t at = 64; at < body.size(); at += 65) body.insert(at, "\n");
  return "-----BEGIN PUBLIC KEY-----\n" + body + "\n-----END PUBLIC KEY-----\n";
}

bool refused(std::string_view text) {
  const auto key = read_public_key(text);
  return !key && key.error().code == Errc::Malformed;
}
bool refused(const Bytes& bytes) { return refused(base64(bytes)); }

using EvpKey = CHandle<EVP_PKEY, &EVP_PKEY_free>;

}  // namespace

TEST_GROUP(Base64){};

TEST(Base64, ReadsBothAlphabetsWithAndWithoutPadding) {
  const struct {
    const char* text;
    Bytes bytes;
  } rows[] = {
      {"AA==",        {0}               },
      {"AA",          {0}               },
      {"AAE=",        {0, 1}            },
      {"AAE",         {0, 1}            },
      {"AAEC",        {0, 1, 2}         },
      {"+/+/",        {0xfb, 0xff, 0xbf}},
      {"-_-_",        {0xfb, 0xff, 0xbf}},
      {" AA\nEC\r\n", {0, 1, 2}         },
      {"AA\n==\n",    {0}               },
  };
  for (const auto& row : rows) {
    const auto read = read_base64(row.text);
    CHECK_TEXT(read == row.bytes, row.text);
  }
  Bytes all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  CHECK(read_base64(base64(all)) == all);
}

TEST(Base64, RefusesEverythingElse) {
  for (const char* text : {"", " ", "=", "==", "A", "AAAAA", "A===", "AA===", "AA=A", "AA.=", "AA,",
                           "AA\tEC", "\xc3\xa9", "A*"}) {
    CHECK_TEXT(!read_base64(text).has_value(), text);
  }
  CHECK_FALSE(read_base64(std::string_view("AA\0C", 4)).has_value());
}

TEST_GROUP(PublicKeyText){};

TEST(PublicKeyText, ReadsPemSpkiAndCoseAlike) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    const Fido2Signer signer(algorithm);
    const Bytes der = spki(signer.evp());
    for (const std::string& text :
         {pem(der), "\n  " + pem(der) + "\n", base64(der), base64(signer.cose_key())}) {
      const auto key = read_public_key(text);
      CHECK_TEXT(key.has_value(), text.c_str());
      CHECK_TEXT(*key == signer.public_key(), text.c_str());
    }
  }
}

TEST(PublicKeyText, IsNoKeyOfAnotherKind) {
  CHECK_TRUE(refused(spki(EvpKey(EVP_EC_gen("P-384")).get())));
  CHECK_TRUE(refused(spki(EvpKey(EVP_EC_gen("secp256k1")).get())));  // 32 bytes as well
  CHECK_TRUE(refused(spki(EvpKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")).get())));
  CHECK_TRUE(refused(spki(EvpKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")).get())));
  CHECK_TRUE(refused(spki(EvpKey(EVP_RSA_gen(1024)).get())));
}

TEST(PublicKeyText, IsNoKeyUnlessItIsWhole) {
  for (const CoseAlgorithm algorithm : kAlgorithms) {
    const Fido2Signer signer(algorithm);
    for (Bytes bytes : {spki(signer.evp()), signer.cose_key()}) {
      bytes.push_back(0);
      CHECK_TRUE(refused(bytes));
      bytes.resize(bytes.size() - 2);
      CHECK_TRUE(refused(bytes));
    }
  }
  const Fido2Signer signer;
  Bytes cose = signer.cose_key();
  cose.back() ^= 1;  // not on the curve
  CHECK_TRUE(refused(cose));
  Bytes der = spki(signer.evp());
  der.back() ^= 1;
  CHECK_TRUE(refused(der));
}

TEST(PublicKeyText, IsNoKeyWithWordsAroundIt) {
  const std::string good = pem(spki(Fido2Signer().evp()));
  CHECK_FALSE(refused(good));
  CHECK_TRUE(refused("key: " + good));
  CHECK_TRUE(refused(good + good));
  CHECK_TRUE(refused(good.substr(0, good.size() - 10)));
  for (const char* text :
       {"", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----",
        "-----END PUBLIC KEY-----", "none", "MA", "oA", "oQ", "AAAA"}) {
    CHECK_TEXT(refused(std::string_view(text)), text);
  }
  // Private keys, and PEM that would ask for a passphrase.
  CHECK_TRUE(refused("-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----"));
  CHECK_TRUE(refused(
      "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n\nMA==\n-----END PUBLIC KEY-----"));
}

TEST(PublicKeyText, IsNoKeyOfHostileCbor) {
  for (const Bytes& cose : {
           cbor_head(5, ~0ULL), cbor_head(5, 1ULL << 40), Bytes(3000, 0xa1), Bytes{0xa0},
           Bytes{0xbf, 0xff},
                   cbor_map({{cbor_number(3), cbor_number(-7)}}
                   )
  }) {
    CHECK_TRUE(refused(cose));
  }
}
