// SPDX-License-Identifier: ISC
#include "stepupd/factor/public_key_text.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "stepupd/base/c_handle.h"
#include "stepupd/factor/base64.h"
#include "stepupd/factor/fido2_attestation.h"
#include "stepupd/factor/fido2_library.h"
#include "stepupd/factor/plain_cbor.h"

namespace stepup::factor {
namespace {

using EvpKeyHandle = CHandle<EVP_PKEY, &EVP_PKEY_free>;
using NumberHandle = CHandle<BIGNUM, &BN_free>;

std::unexpected<Error> not_a_key() {
  return failure(Errc::Malformed, "not the public key of a security key");
}

// What stands between the two lines of PEM (RFC 7468); the whole text when it is no PEM.
std::string_view without_armour(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----";
  constexpr std::string_view kEnd = "-----END PUBLIC KEY-----";
  constexpr std::string_view kBlank = " \r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlank) + 1);
  if (!text.starts_with(kBegin) || !text.ends_with(kEnd)) return text;
  return text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size());
}

// Appends one number of `key` to `bytes`, in `size` bytes; false when it has none or a larger one.
bool append_number(const EVP_PKEY* key, const char* name, std::size_t size,
                   std::vector<std::uint8_t>& bytes) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return false;
  const NumberHandle number(raw);
  const std::size_t at = bytes.size();
  bytes.resize(at + size);
  return BN_bn2binpad(raw, std::span(bytes).subspan(at).data(), static_cast<int>(size)) >= 0;
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 32> name{};
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1 &&
         std::string_view(name.data()) == SN_X9_62_prime256v1;
}

Result<Fido2PublicKey> read_spki(std::span<const std::uint8_t> der) {
  const unsigned char* end = der.data();
  const EvpKeyHandle key(d2i_PUBKEY(nullptr, &end, static_cast<long>(der.size())));
  if (!key || end != der.data() + der.size()) return not_a_key();
  Fido2PublicKey read;
  bool whole = false;
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_EC:
      read.algorithm = CoseAlgorithm::Es256;
      whole = is_p256(key.get()) &&
              append_number(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32, read.key) &&
              append_number(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32, read.key);
      break;
    case EVP_PKEY_ED25519: {
      read.algorithm = CoseAlgorithm::EdDsa;
      std::size_t size = key_size_of(read.algorithm);
      read.key.resize(size);
      whole = EVP_PKEY_get_raw_public_key(key.get(), read.key.data(), &size) == 1;
      break;
    }
    case EVP_PKEY_RSA:
      read.algorithm = CoseAlgorithm::Rs256;
      whole = EVP_PKEY_get_bits(key.get()) == 2048 &&
              append_number(key.get(), OSSL_PKEY_PARAM_RSA_N, 256, read.key) &&
              append_number(key.get(), OSSL_PKEY_PARAM_RSA_E, 3, read.key);
      break;
    default: break;
  }
  if (!whole || !require_usable(read)) return not_a_key();
  return read;
}

// libfido2 reads a COSE_Key only as part of a new credential, so one is made up around it.
Result<Fido2PublicKey> read_cose_key(std::span<const std::uint8_t> cose) {
  if (!is_plain_cbor_map(cose)) return not_a_key();
  constexpr std::size_t kBefore = 32 + 1 + 4 + 16 + 2 + 1;  // up to the end of an id of one byte
  constexpr std::size_t kFlagsAt = 32;
  constexpr std::size_t kIdSizeAt = kBefore - 2;
  std::vector<std::uint8_t> data(kBefore + cose.size());
  data[kFlagsAt] = CTAP_AUTHDATA_ATT_CRED;
  data[kIdSizeAt] = 1;
  std::ranges::copy(cose, data.begin() + kBefore);
  for (const CoseAlgorithm algorithm :
       {CoseAlgorithm::Es256, CoseAlgorithm::EdDsa, CoseAlgorithm::Rs256}) {
    const CredentialHandle credential(fido_cred_new());
    if (!credential || fido_cred_set_type(credential.get(), cose_number_of(algorithm)) != FIDO_OK ||
        fido_cred_set_authdata_raw(credential.get(), data.data(), data.size()) != FIDO_OK) {
      continue;
    }
    // SAFETY: the pointer goes with the size that is asked for beside it.
    const std::span key(fido_cred_pubkey_ptr(credential.get()),
                        fido_cred_pubkey_len(credential.get()));
    Fido2PublicKey read{
        algorithm, {key.begin(), key.end()}
    };
    if (require_usable(read)) return read;
  }
  return not_a_key();
}

}  // namespace

Result<Fido2PublicKey> read_public_key(std::string_view text) {
  const auto bytes = read_base64(without_armour(text));
  if (!bytes) return not_a_key();
  constexpr std::uint8_t kSequence = 0x30;  // of ASN.1, which no map of CBOR begins with
  return bytes->front() == kSequence ? read_spki(*bytes) : read_cose_key(*bytes);
}

}  // namespace stepup::factor
