// SPDX-License-Identifier: ISC
// Security keys as OpenSSH has them (its PROTOCOL.u2f), and what they sign for stepup through an
// agent.  No I/O: who asks the agent has talked to it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/factor/cose_key.h"
#include "stepupd/factor/digest.h"
#include "stepupd/factor/fido2_assertion.h"

namespace stepup::factor {

struct SshSkKey {
  // The public key as OpenSSH encodes it: what an agent knows it by, and all that needs to be
  // stored, since it has the two others in it.
  std::vector<std::uint8_t> blob;
  std::string application;  // the relying party, commonly "ssh:"
  Fido2PublicKey public_key;
  bool operator==(const SshSkKey&) const = default;
};

// Why a line is not taken.
enum class SshKeyFault : std::uint8_t {
  NotAKey,          // no public key of OpenSSH, or one that nothing could be verified with
  NotASecurityKey,  // of a type whose private half lies in a file, or a certificate
};

// Longer lines are no keys: 16 KiB is what OpenSSH takes of a comment.
inline constexpr std::size_t kMaxSshKeyLine = 16 * 1024;

// Input is untrusted: a file that somebody named.  One public key of type sk-ssh-ed25519 or
// sk-ecdsa-sha2-nistp256, as ssh-keygen(1) writes it: type, base 64, and perhaps a comment, which
// is left out.
[[nodiscard]] std::expected<SshSkKey, SshKeyFault> read_ssh_sk_line(std::string_view line);

// The same from SshSkKey::blob.  Nothing when these bytes are no such key.
[[nodiscard]] std::optional<SshSkKey> read_ssh_sk_blob(std::span<const std::uint8_t> blob);

// What an agent is asked to sign for the message with this hash: the signed data of
// PROTOCOL.sshsig in the namespace "stepup", which no login and no file's signature is made over.
[[nodiscard]] std::vector<std::uint8_t> sshsig_of(const Sha256Digest& message_hash);

// What a signature must be.
struct SshSkDemand {
  Sha256Digest message_hash{};
  bool uv = false;  // user verification
};

// Input is untrusted: `signature` is from an agent on another host, perhaps one that lies.  Good
// means that the authenticator of `enrolled` signed sshsig_of() this very message with its user
// present, and verified where `demand` says so; and it means nothing until the caller has made
// sign_count durable.  `sign_count` is that of the last signature.  A signature of another type
// than the key's is OtherCredential; one that tells of attested data or extensions, has bytes left
// over, or numbers in more than one way is Malformed.  Fails as judge_assertion() does.
[[nodiscard]] Result<AssertionVerdict> judge_ssh_signature(const SshSkKey& enrolled,
                                                           std::uint32_t sign_count,
                                                           const SshSkDemand& demand,
                                                           std::span<const std::uint8_t> signature);

}  // namespace stepup::factor
