// SPDX-License-Identifier: ISC
// What a security key makes and signs, without the key: authenticator data, assertions, attestation
// statements.  Include it before CppUTest.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stepupd/base/c_handle.h"
#include "stepupd/factor/bytes_of.h"
#include "stepupd/factor/cose_key.h"
#include "stepupd/factor/digest.h"

namespace stepup::factor {

using Bytes = std::vector<std::uint8_t>;

inline Bytes joined(std::initializer_list<std::span<const std::uint8_t>> parts) {
  Bytes all;
  for (const auto part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// CBOR in its shortest form (RFC 8949).
inline Bytes cbor_head(unsigned major, std::uint64_t argument) {
  Bytes head;
  const auto put = [&](unsigned additional, int size) {
    head.push_back(static_cast<std::uint8_t>(major << 5 | additional));
    for (int i = size - 1; i >= 0; --i) {
      head.push_back(static_cast<std::uint8_t>(argument >> (8 * i)));
    }
  };
  if (argument < 24) {
    put(static_cast<unsigned>(argument), 0);
  } else if (argument < 0x100) {
    put(24, 1);
  } else if (argument < 0x1'0000) {
    put(25, 2);
  } else if (argument < 0x1'0000'0000) {
    put(26, 4);
  } else {
    put(27, 8);
  }
  return head;
}
inline Bytes cbor_number(std::int64_t number) {
  return number >= 0 ? cbor_head(0, static_cast<std::uint64_t>(number))
                     : cbor_head(1, static_cast<std::uint64_t>(-1 - number));
}
inline Bytes cbor_bytes(std::span<const std::uint8_t> bytes) {
  return joined({cbor_head(2, bytes.size()), bytes});
}
inline Bytes cbor_text(std::string_view text) {
  return joined({cbor_head(3, text.size()), bytes_of(text)});
}
inline Bytes cbor_array(std::initializer_list<Bytes> items) {
  Bytes array = cbor_head(4, items.size());
  for (const Bytes& item : items) array.insert(array.end(), item.begin(), item.end());
  return array;
}
inline Bytes cbor_map(std::initializer_list<std::pair<Bytes, Bytes>> pairs) {
  Bytes map = cbor_head(5, pairs.size());
  for (const auto& [key, value] : pairs) map = joined({map, key, value});
  return map;
}

// A key pair and all that is signed with it.
class Fido2Signer {
 public:
  explicit Fido2Signer(CoseAlgorithm algorithm = CoseAlgorithm::Es256)
      : algorithm_(algorithm), key_(make_key(algorithm)) {}

  [[nodiscard]] CoseAlgorithm algorithm() const { return algorithm_; }
  [[nodiscard]] int cose_number() const {
    return algorithm_ == CoseAlgorithm::Es256 ? -7 : algorithm_ == CoseAlgorithm::EdDsa ? -8 : -257;
  }
  [[nodiscard]] EVP_PKEY* evp() const { return key_.get(); }

  [[nodiscard]] Bytes sign(std::span<const std::uint8_t> message) const {
    const CHandle<EVP_MD_CTX, &EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    const EVP_MD* digest = algorithm_ == CoseAlgorithm::EdDsa ? nullptr : EVP_sha256();
    Bytes signature(512);
    std::size_t size = signature.size();
    (void)EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get());
    (void)EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size());
    signature.resize(size);
    return signature;
  }

  [[nodiscard]] Fido2PublicKey public_key() const {
    if (algorithm_ == CoseAlgorithm::Es256) return {algorithm_, joined({x(), y()})};
    if (algorithm_ == CoseAlgorithm::EdDsa) return {algorithm_, x()};
    return {algorithm_, joined({modulus(), exponent()})};
  }

  // COSE_Key (RFC 9052 section 7).
  [[nodiscard]] Bytes cose_key() const {
    const Bytes alg = cbor_number(cose_number());
    if (algorithm_ == CoseAlgorithm::Es256) {
      return cbor_map({
          {cbor_number(1),  cbor_number(2) },
          {cbor_number(3),  alg            },
          {cbor_number(-1), cbor_number(1) },
          {cbor_number(-2), cbor_bytes(x())},
          {cbor_number(-3), cbor_bytes(y())}
      });
    }
    if (algorithm_ == CoseAlgorithm::EdDsa) {
      return cbor_map({
          {cbor_number(1),  cbor_number(1) },
          {cbor_number(3),  alg            },
          {cbor_number(-1), cbor_number(6) },
          {cbor_number(-2), cbor_bytes(x())}
      });
    }
    return cbor_map({
        {cbor_number(1),  cbor_number(3)        },
        {cbor_number(3),  alg                   },
        {cbor_number(-1), cbor_bytes(modulus()) },
        {cbor_number(-2), cbor_bytes(exponent())}
    });
  }

  // A certificate for this key that it has signed itself.
  [[nodiscard]] Bytes certificate() const {
    const CHandle<X509, &X509_free> made(X509_new());
    (void)X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
    (void)X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    (void)X509_set_pubkey(made.get(), key_.get());
    (void)X509_sign(made.get(), key_.get(), EVP_sha256());
    Bytes der(static_cast<std::size_t>(i2d_X509(made.get(), nullptr)));
    unsigned char* end = der.data();
    (void)i2d_X509(made.get(), &end);
    return der;
  }

 private:
  using Key = CHandle<EVP_PKEY, &EVP_PKEY_free>;

  static Key make_key(CoseAlgorithm algorithm) {
    switch (algorithm) {
      case CoseAlgorithm::Es256: return Key(EVP_EC_gen("P-256"));
      case CoseAlgorithm::EdDsa: return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      case CoseAlgorithm::Rs256: return rsa_key();
    }
    return nullptr;
  }
  // One of two, by turns: each takes 50 ms to make.
  static Key rsa_key() {
    static Key made[2];
    static unsigned turn = 0;
    Key& key = made[turn++ % 2];
    if (!key) key.reset(EVP_RSA_gen(2048));
    (void)EVP_PKEY_up_ref(key.get());
    return Key(key.get());
  }
  [[nodiscard]] Bytes number(const char* name, std::size_t size) const {
    BIGNUM* raw = nullptr;
    (void)EVP_PKEY_get_bn_param(key_.get(), name, &raw);
    const CHandle<BIGNUM, &BN_free> read(raw);
    Bytes bytes(size);
    (void)BN_bn2binpad(raw, bytes.data(), static_cast<int>(size));
    return bytes;
  }
  [[nodiscard]] Bytes x() const {
    if (algorithm_ == CoseAlgorithm::Es256) return number(OSSL_PKEY_PARAM_EC_PUB_X, 32);
    Bytes point(32);
    std::size_t size = point.size();
    (void)EVP_PKEY_get_raw_public_key(key_.get(), point.data(), &size);
    return point;
  }
  [[nodiscard]] Bytes y() const { return number(OSSL_PKEY_PARAM_EC_PUB_Y, 32); }
  [[nodiscard]] Bytes modulus() const { return number(OSSL_PKEY_PARAM_RSA_N, 256); }
  [[nodiscard]] Bytes exponent() const { return number(OSSL_PKEY_PARAM_RSA_E, 3); }

  CoseAlgorithm algorithm_;
  Key key_;
};

// Flags of authenticator data.
inline constexpr std::uint8_t kUp = 0x01, kUv = 0x04, kBe = 0x08, kBs = 0x10, kAt = 0x40,
                              kEd = 0x80;

inline Bytes auth_data_of(std::string_view rp_id, std::uint8_t flags, std::uint32_t sign_count,
                          std::span<const std::uint8_t> rest = {}) {
  const Sha256Digest hash = sha256(bytes_of(rp_id)).value_or(Sha256Digest{});
  Bytes fixed = {flags};
  for (int shift = 24; shift >= 0; shift -= 8) {
    fixed.push_back(static_cast<std::uint8_t>(sign_count >> shift));
  }
  return joined({hash, fixed, rest});
}

// Attested credential data.
inline Bytes attested_of(std::span<const std::uint8_t> id, std::span<const std::uint8_t> cose_key,
                         std::uint8_t aaguid = 0xa6) {
  const Bytes size = {static_cast<std::uint8_t>(id.size() >> 8),
                      static_cast<std::uint8_t>(id.size())};
  return joined({Bytes(16, aaguid), size, id, cose_key});
}

}  // namespace stepup::factor
