// SPDX-License-Identifier: ISC
// Security keys behind an SSH agent: their public keys, and signatures that are right in every way
// unless a test spoils one.  Include it before CppUTest.
#pragma once

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include <string>
#include <string_view>

#include "stepupd/factor/ssh_sk.h"
#include "tests/unit/fido2_signer.h"

namespace stepup::factor {

inline constexpr std::string_view kSkEd25519 = "sk-ssh-ed25519@openssh.com";
inline constexpr std::string_view kSkEcdsa = "sk-ecdsa-sha2-nistp256@openssh.com";
inline constexpr std::string_view kWebauthnSkEcdsa = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";

inline Bytes ssh_number(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}
inline Bytes ssh_string(std::span<const std::uint8_t> bytes) {
  return joined({ssh_number(static_cast<std::uint32_t>(bytes.size())), bytes});
}
inline Bytes ssh_string(std::string_view text) { return ssh_string(bytes_of(text)); }

inline std::string base64_of(std::span<const std::uint8_t> bytes) {
  std::string text(bytes.size() * 2 + 4, '\0');
  // SAFETY: any object may be read and written as unsigned char.
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

inline Bytes ssh_blob_of(const Fido2PublicKey& key, std::string_view application) {
  if (key.algorithm == CoseAlgorithm::EdDsa) {
    return joined({ssh_string(kSkEd25519), ssh_string(key.key), ssh_string(application)});
  }
  return joined({ssh_string(kSkEcdsa), ssh_string("nistp256"),
                 ssh_string(joined({Bytes{4}, key.key})), ssh_string(application)});
}

// r and s of a signature in DER, as SSH writes two numbers.
inline Bytes ssh_numbers_of(const Bytes& der) {
  const unsigned char* at = der.data();
  const CHandle<ECDSA_SIG, &ECDSA_SIG_free> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  const auto number = [](const BIGNUM* value) {
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(value)));
    (void)BN_bn2bin(value, bytes.data());
    if (!bytes.empty() && (bytes[0] & 0x80) != 0) bytes.insert(bytes.begin(), 0);
    return ssh_string(bytes);
  };
  return joined({number(ECDSA_SIG_get0_r(pair.get())), number(ECDSA_SIG_get0_s(pair.get()))});
}

// What an authenticator signs with, and the parts of its answer.
struct SshCeremony {
  Fido2Signer signer;
  std::string application = "ssh:";
  SshSkDemand demand{
      .message_hash = {7, 8, 9},
        .uv = false
  };
  Bytes asked = sshsig_of(demand.message_hash);
  std::uint8_t flags = kUp;
  std::uint32_t counter = 8;

  explicit SshCeremony(CoseAlgorithm algorithm = CoseAlgorithm::Es256) : signer(algorithm) {}

  [[nodiscard]] bool ecdsa() const { return signer.algorithm() == CoseAlgorithm::Es256; }
  [[nodiscard]] SshSkKey key() const {
    return {ssh_blob_of(signer.public_key(), "ssh:"), "ssh:", signer.public_key()};
  }
  // What an authenticator signs for `client_data`, as SSH writes the numbers.
  [[nodiscard]] Bytes numbers(std::span<const std::uint8_t> client_data) const {
    const Sha256Digest hash = sha256(client_data).value_or(Sha256Digest{});
    const Bytes made = signer.sign(joined({auth_data_of(application, flags, counter), hash}));
    return ecdsa() ? ssh_numbers_of(made) : made;
  }
  [[nodiscard]] Bytes answer(std::string_view type, const Bytes& numbers) const {
    return joined({ssh_string(type), ssh_string(numbers), Bytes{flags}, ssh_number(counter)});
  }
  [[nodiscard]] Bytes signature() const {
    return answer(ecdsa() ? kSkEcdsa : kSkEd25519, numbers(asked));
  }
  // What a browser makes of it.
  [[nodiscard]] std::string client_data(std::string_view origin = "https://example.org") const {
    std::string challenge = base64_of(asked);
    challenge.resize(challenge.find_last_not_of('=') + 1);
    for (char& sign : challenge) sign = sign == '+' ? '-' : sign == '/' ? '_' : sign;
    return R"({"type":"webauthn.get","challenge":")" + challenge + R"(","origin":")" +
           std::string(origin) + R"(","crossOrigin":false})";
  }
  [[nodiscard]] Bytes webauthn(std::string_view client_data,
                               std::string_view origin = "https://example.org",
                               std::string_view extensions = "") const {
    return joined({answer(kWebauthnSkEcdsa, numbers(bytes_of(client_data))), ssh_string(origin),
                   ssh_string(client_data), ssh_string(extensions)});
  }
};

}  // namespace stepup::factor
