// SPDX-License-Identifier: ISC
#include "stepupd/factor/ssh_sk.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "stepupd/factor/base64.h"
#include "stepupd/factor/bytes_of.h"
#include "stepupd/factor/ssh_wire.h"

namespace stepup::factor {
namespace {

constexpr std::string_view kEd25519 = "sk-ssh-ed25519@openssh.com";
constexpr std::string_view kEcdsa = "sk-ecdsa-sha2-nistp256@openssh.com";
// Of a signature alone: what a browser lets an sk-ecdsa key sign.
constexpr std::string_view kWebauthnEcdsa = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";

constexpr std::string_view kBlank = " \t";
constexpr std::size_t kMaxApplication = 255;
constexpr std::uint8_t kUncompressed = 0x04;  // of the ways to write a point (SEC 1 section 2.3.3)

// An application is shown to people, and handed to libfido2 as a C string.
bool is_application(std::string_view text) {
  return !text.empty() && text.size() <= kMaxApplication &&
         std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

std::vector<std::uint8_t> bytes_in(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

// As browsers write a challenge: RFC 4648 section 5, without padding.
std::string base64url(std::span<const std::uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  // SAFETY: writes four signs for each three bytes begun, and a NUL.
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  text.resize(text.find_last_not_of('=') + 1);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

// A number above zero of RFC 4251, section 5, in the one way to write it.
bool is_canonical(std::span<const std::uint8_t> number) {
  constexpr std::size_t kMaxSize = 33;  // 256 bits and the sign
  constexpr std::uint8_t kSign = 0x80;
  if (number.empty() || number.size() > kMaxSize) return false;
  // A zero in front says that the first bit is no sign, and stands nowhere else.
  const bool padded = number[0] == 0;
  const auto bits = padded ? number.subspan(1) : number;
  return !bits.empty() && ((bits[0] & kSign) != 0) == padded;
}

// r and s of an ECDSA signature in DER, whose INTEGER has the bytes of SSH's; empty when they are
// not canonical.
std::vector<std::uint8_t> der_of(std::span<const std::uint8_t> pair) {
  SshReader fields(pair);
  const auto r = fields.string();
  const auto s = fields.string();
  if (!fields.whole() || !is_canonical(r) || !is_canonical(s)) return {};
  constexpr std::uint8_t kSequence = 0x30;
  constexpr std::uint8_t kInteger = 0x02;
  const auto size_of = [](std::size_t size) { return static_cast<std::uint8_t>(size); };
  SshWriter der;
  der.byte(kSequence).byte(size_of(2 + r.size() + 2 + s.size()));
  der.byte(kInteger).byte(size_of(r.size())).raw(r);
  der.byte(kInteger).byte(size_of(s.size())).raw(s);
  return der.bytes();
}

// Whether a browser wrote this client data when it was asked for a signature over `challenge`; what
// follows has no meaning here.  WebAuthn fixes the order (section 5.8.1.1).
bool is_client_data_for(std::span<const std::uint8_t> challenge, std::string_view origin,
                        std::string_view client_data) {
  // A quote would end the origin elsewhere than it says.
  return !origin.contains('"') &&
         client_data.starts_with(R"({"type":"webauthn.get","challenge":")" + base64url(challenge) +
                                 R"(","origin":")" + std::string(origin) + '"');
}

// What an agent's signature consists of, as an authenticator knows it.
struct Evidence {
  std::uint8_t flags = 0;
  std::uint32_t counter = 0;
  std::vector<std::uint8_t> client_data;
  std::vector<std::uint8_t> signature;
};

// Takes `signature` apart, which must be of the type of `key` and over `asked`.
std::expected<Evidence, CeremonyOutcome> take_apart(const Fido2PublicKey& key,
                                                    std::vector<std::uint8_t> asked,
                                                    std::span<const std::uint8_t> signature) {
  const bool ecdsa = key.algorithm == CoseAlgorithm::Es256;
  SshReader fields(signature);
  const std::string_view type = fields.text();
  const bool webauthn = ecdsa && type == kWebauthnEcdsa;
  if (type != (ecdsa ? kEcdsa : kEd25519) && !webauthn) {
    return std::unexpected(CeremonyOutcome::OtherCredential);
  }
  const auto numbers = fields.string();
  Evidence evidence{.flags = fields.byte(),
                    .counter = fields.number(),
                    .client_data = std::move(asked),
                    .signature = ecdsa ? der_of(numbers) : bytes_in(numbers)};
  bool whole = !evidence.signature.empty();
  if (webauthn) {
    const std::string_view origin = fields.text();
    const std::string_view client_data = fields.text();
    // Extensions would be signed as well; the flag that tells of them is refused, too.
    whole = whole && fields.string().empty();
    if (!is_client_data_for(evidence.client_data, origin, client_data)) {
      return std::unexpected(CeremonyOutcome::BadSignature);
    }
    evidence.client_data = bytes_in(bytes_of(client_data));
  }
  if (!whole || !fields.whole()) return std::unexpected(CeremonyOutcome::Malformed);
  return evidence;
}

}  // namespace

std::optional<SshSkKey> read_ssh_sk_blob(std::span<const std::uint8_t> blob) {
  SshReader fields(blob);
  SshSkKey key{
      .blob = {blob.begin(), blob.end()},
        .application = {},
        .public_key = {}
  };
  const std::string_view type = fields.text();
  if (type == kEcdsa) {
    const std::string_view curve = fields.text();
    const auto point = fields.string();
    if (curve != "nistp256" || point.empty() || point[0] != kUncompressed) return {};
    key.public_key = {
        CoseAlgorithm::Es256, {point.begin() + 1, point.end()}
    };
  } else if (type == kEd25519) {
    const auto point = fields.string();
    key.public_key = {
        CoseAlgorithm::EdDsa, {point.begin(), point.end()}
    };
  } else {
    return {};
  }
  key.application = fields.text();
  if (!fields.whole() || !is_application(key.application)) return {};
  if (!require_usable(key.public_key)) return {};
  return key;
}

std::expected<SshSkKey, SshKeyFault> read_ssh_sk_line(std::string_view line) {
  const auto not_a_key = std::unexpected(SshKeyFault::NotAKey);
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() > kMaxSshKeyLine || line.find_first_of("\r\n") != std::string_view::npos)
    return not_a_key;
  const std::string_view type = line.substr(0, line.find_first_of(kBlank));
  if (type != kEd25519 && type != kEcdsa) {
    const bool another =
        type.starts_with("ssh-") || type.starts_with("ecdsa-") || type.starts_with("sk-");
    return another ? std::unexpected(SshKeyFault::NotASecurityKey) : not_a_key;
  }
  line.remove_prefix(std::min(type.size() + 1, line.size()));
  const auto blob = read_base64(line.substr(0, line.find_first_of(kBlank)));
  if (!blob) return not_a_key;
  auto key = read_ssh_sk_blob(*blob);
  if (!key || SshReader(*blob).text() != type) return not_a_key;
  return *std::move(key);
}

std::vector<std::uint8_t> sshsig_of(const Sha256Digest& message_hash) {
  SshWriter blob;
  blob.raw(bytes_of("SSHSIG")).string(bytes_of("stepup")).string({});
  return blob.string(bytes_of("sha256")).string(message_hash).bytes();
}

Result<AssertionVerdict> judge_ssh_signature(const SshSkKey& enrolled, std::uint32_t sign_count,
                                             const SshSkDemand& demand,
                                             std::span<const std::uint8_t> signature) {
  const auto evidence = take_apart(enrolled.public_key, sshsig_of(demand.message_hash), signature);
  if (!evidence) return AssertionVerdict{evidence.error()};
  const auto client_data_hash = sha256(evidence->client_data);
  if (!client_data_hash) return std::unexpected(client_data_hash.error());
  const auto application_hash = sha256(bytes_of(enrolled.application));
  if (!application_hash) return std::unexpected(application_hash.error());
  // From here on it is an assertion of FIDO2: the same bytes are signed.
  SshWriter auth_data;
  auth_data.raw(*application_hash).byte(evidence->flags).number(evidence->counter);
  return judge_assertion(
      {enrolled.blob, enrolled.public_key, sign_count},
      {.rp_id = enrolled.application, .client_data_hash = *client_data_hash, .uv = demand.uv},
      {enrolled.blob, auth_data.bytes(), evidence->signature});
}

}  // namespace stepup::factor
