// SPDX-License-Identifier: ISC
// The messages of control.sock about factors: to enrol, list and remove them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/wire/control_terms.h"
#include "stepupd/wire/messages.h"

namespace stepup::wire {

inline constexpr std::size_t kMaxPublicKey = 4096;  // of OpenSSH, without its comment

enum class HashAlgorithm : std::uint8_t { Sha1 = 1, Sha256, Sha512 };

enum class EnrollKind : std::uint8_t {
  Totp = 1,
  RecoveryCodes,
  Hotp,
  YubiKey,          // with a secret that is made for it
  ExistingYubiKey,  // with the secret that it holds, which is asked for
  Fido2,
  SshSk,  // the public key of an ssh key that lies in a security key
};

template <>
struct WireRange<HashAlgorithm> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 3;
};
template <>
struct WireRange<EnrollKind> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 7;
};

// In the requests below an empty `user` means the caller; another name needs root.
struct ListRequest {
  static constexpr auto kType = MessageType::ListRequest;
  std::string user;
  bool operator==(const ListRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
  }
};

struct EnrollRequest {
  static constexpr auto kType = MessageType::EnrollRequest;
  EnrollKind kind = EnrollKind::Totp;
  std::string user;
  std::string label;          // empty = the daemon names it
  std::string replace_label;  // not empty: that credential goes once the new one is proved
  HashAlgorithm algorithm = HashAlgorithm::Sha1;
  std::uint8_t digits = 6;
  bool discoverable = false;  // of a security key: it lists the credential itself
  bool uv = false;            // of a security key: it must verify its user, now and at every use
  std::string public_key;     // of SshSk: type and base 64, as ssh-keygen(1) writes them
  bool operator==(const EnrollRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.kind);
    a.text(m.user, kMaxName);
    a.text(m.label, kMaxLabel);
    a.text(m.replace_label, kMaxLabel);
    a.choice(m.algorithm);
    a.number(m.digits);
    a.flag(m.discoverable);
    a.flag(m.uv);
    a.text(m.public_key, kMaxPublicKey);
  }
};

struct TicketRequest {
  static constexpr auto kType = MessageType::TicketRequest;
  std::string user;
  bool operator==(const TicketRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
  }
};

struct ResetRequest {
  static constexpr auto kType = MessageType::ResetRequest;
  std::string user;
  bool operator==(const ResetRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
  }
};

struct RemoveRequest {
  static constexpr auto kType = MessageType::RemoveRequest;
  std::string user;
  std::string label;
  bool operator==(const RemoveRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.text(m.label, kMaxLabel);
  }
};

struct CredentialRow {
  FactorKind factor = FactorKind::Totp;
  std::string label;
  std::string details;            // "SHA1, 6 digits, 30 s"; "8 of 10 unused"
  std::int64_t created_at = 0;    // Unix seconds
  std::int64_t last_used_at = 0;  // Unix seconds, 0 = never
  bool operator==(const CredentialRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.factor);
    a.text(m.label, kMaxLabel);
    a.text(m.details, kMaxText);
    a.number(m.created_at);
    a.number(m.last_used_at);
  }
};

struct CredentialList {
  static constexpr auto kType = MessageType::CredentialList;
  std::string user;
  std::vector<CredentialRow> credentials;
  bool operator==(const CredentialList&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.list(m.credentials, kMaxRows, [](auto& row, auto& in) { CredentialRow::fields(row, in); });
  }
};

// The secret of an authenticator being enrolled; it counts only once a code was typed back.
struct NewAuthenticator {
  static constexpr auto kType = MessageType::NewAuthenticator;
  SecretBytes otpauth_uri;  // otpauth://totp/...?secret=BASE32&..., or otpauth://hotp/...
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.secret(m.otpauth_uri, kMaxText);
  }
};

// What is to be written into a YubiKey; it too counts only once a code was typed back.
struct NewYubiKey {
  static constexpr auto kType = MessageType::NewYubiKey;
  std::string public_id;   // 12 characters of modhex
  SecretBytes private_id;  // 12 hexadecimal digits
  SecretBytes aes_key;     // 32 hexadecimal digits
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.public_id, kMaxName);
    a.secret(m.private_id, kMaxName);
    a.secret(m.aes_key, kMaxName);
  }
};

struct NewRecoveryCodes {
  static constexpr auto kType = MessageType::NewRecoveryCodes;
  SecretBytes codes;  // one a line
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.secret(m.codes, kMaxText);
  }
};

struct NewTicket {
  static constexpr auto kType = MessageType::NewTicket;
  std::string user;
  SecretBytes ticket;
  std::int64_t expires_at = 0;  // Unix seconds
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.secret(m.ticket, kMaxName);
    a.number(m.expires_at);
  }
};

}  // namespace stepup::wire
