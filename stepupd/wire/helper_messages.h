// SPDX-License-Identifier: ISC
// The messages between stepupd and stepup-fido2-helper (PROTOCOL.md, "helper.sock").  stepupd is
// the client.  It trusts nothing that comes back: every piece of evidence is verified against its
// own challenge.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/wire/messages.h"

namespace stepup::wire {

inline constexpr std::size_t kMaxCredentialId = 1024;
inline constexpr std::size_t kMaxAllowedKeys = 64;
inline constexpr std::size_t kMaxDevices = 16;
inline constexpr std::size_t kMaxAuthData = 8192;
inline constexpr std::size_t kMaxSignature = 1024;
inline constexpr std::size_t kMaxAttestation = 16384;
inline constexpr std::size_t kMaxPin = 63;  // CTAP 2.1, 6.5.1: bytes of UTF-8

using Bytes = std::vector<std::uint8_t>;

// COSE algorithms (RFC 9053) that stepup verifies.
enum class KeyAlgorithm : std::uint8_t { Es256 = 1, EdDsa, Rs256 };
template <>
struct WireRange<KeyAlgorithm> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 3;
};

// What the ceremony waits for.
enum class CeremonyStage : std::uint8_t {
  NoKey = 1,  // none is plugged in
  OtherKey,   // those plugged in hold no credential that was asked for; detail: why one cannot tell
  Busy,       // a key is open elsewhere; detail: by what, as far as it can be told
  SelectKey,  // several could serve: a touch chooses
  TouchWanted,
  UvWanted,   // a fingerprint, which is a touch as well
  UvRefused,  // the fingerprint was not recognised
};
template <>
struct WireRange<CeremonyStage> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 7;
};

// Why a ceremony brought no evidence.
enum class CeremonyFailure : std::uint8_t {
  TimedOut = 1,      // nobody touched
  Cancelled,         // by the daemon
  Unplugged,         // in mid-ceremony
  PinBlocked,        // for good: the key has to be reset
  PinSoftBlocked,    // until the key is plugged in anew
  PinNearlyBlocked,  // three tries or fewer are left, and they are the person's to spend
  PinNotSet,         // user verification was demanded, and the key has no means of it
  UvBlocked,         // the fingerprint reader gave up, and there is no PIN
  Excluded,          // the key holds a credential of this person already
  Unsupported,       // the key cannot do what was asked: detail
  Device,            // another error of the key: detail
};
template <>
struct WireRange<CeremonyFailure> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 11;
};

template <typename List, typename Archive>
void credential_ids(List& ids, Archive& a) {
  a.list(ids, kMaxAllowedKeys, [](auto& id, auto& in) { in.bytes(id, kMaxCredentialId); });
}

// What both kinds of ceremony begin with.
struct Ceremony {
  std::string rp_id;
  Bytes client_data_hash;            // SHA-256
  bool uv = false;                   // demand user verification
  std::vector<std::string> devices;  // looked at besides those that are found: paths
  std::uint16_t seconds = 60;        // until TimedOut
  bool operator==(const Ceremony&) const = default;

  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.rp_id, kMaxName);
    a.bytes(m.client_data_hash, 32);
    a.flag(m.uv);
    a.list(m.devices, kMaxDevices, [](auto& path, auto& in) { in.text(path, kMaxName); });
    a.number(m.seconds);
  }
};

// Get an assertion of one of these credentials (WebAuthn section 6.3.3).
struct AssertRequest {
  static constexpr auto kType = MessageType::AssertRequest;
  Ceremony ceremony;
  std::vector<Bytes> credentials;  // at least one
  bool operator==(const AssertRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    Ceremony::fields(m.ceremony, a);
    credential_ids(m.credentials, a);
  }
};

// Make a credential (WebAuthn section 6.3.2).
struct MakeCredentialRequest {
  static constexpr auto kType = MessageType::MakeCredentialRequest;
  Ceremony ceremony;
  Bytes user_id;
  std::string user_name;
  bool discoverable = false;
  std::vector<Bytes> excluded;  // a key that holds one of these is refused
  bool operator==(const MakeCredentialRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    Ceremony::fields(m.ceremony, a);
    a.bytes(m.user_id, 64);
    a.text(m.user_name, kMaxName);
    a.flag(m.discoverable);
    credential_ids(m.excluded, a);
  }
};

// The PIN that PinWanted asked for.
struct Pin {
  static constexpr auto kType = MessageType::Pin;
  SecretBytes pin;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.secret(m.pin, kMaxPin);
  }
};

struct CeremonyProgress {
  static constexpr auto kType = MessageType::CeremonyProgress;
  CeremonyStage stage = CeremonyStage::NoKey;
  std::string detail;  // untrusted: made printable before it is shown
  bool operator==(const CeremonyProgress&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.stage);
    a.text(m.detail, kMaxName);
  }
};

// Ask the person; the daemon sends Pin or Cancel.
struct PinWanted {
  static constexpr auto kType = MessageType::PinWanted;
  std::uint8_t retries_left = 0;
  bool was_wrong = false;  // the one before
  bool operator==(const PinWanted&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.retries_left);
    a.flag(m.was_wrong);
  }
};

// Ends an AssertRequest.
struct Assertion {
  static constexpr auto kType = MessageType::Assertion;
  Bytes credential_id;
  Bytes auth_data;  // WebAuthn section 6.1, not wrapped in CBOR
  Bytes signature;
  bool operator==(const Assertion&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.bytes(m.credential_id, kMaxCredentialId);
    a.bytes(m.auth_data, kMaxAuthData);
    a.bytes(m.signature, kMaxSignature);
  }
};

// Ends a MakeCredentialRequest.
struct NewCredential {
  static constexpr auto kType = MessageType::NewCredential;
  KeyAlgorithm algorithm = KeyAlgorithm::Es256;
  Bytes auth_data;     // with the attested credential data, not wrapped in CBOR
  std::string format;  // of the attestation: "packed", "fido-u2f", "none"
  Bytes attestation;   // its statement, in CBOR
  std::string model;   // what the key calls itself; untrusted
  bool operator==(const NewCredential&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.algorithm);
    a.bytes(m.auth_data, kMaxAuthData);
    a.text(m.format, kMaxName);
    a.bytes(m.attestation, kMaxAttestation);
    a.text(m.model, kMaxName);
  }
};

// Ends either of them without evidence.
struct CeremonyFailed {
  static constexpr auto kType = MessageType::CeremonyFailed;
  CeremonyFailure cause = CeremonyFailure::Device;
  std::string detail;  // untrusted; for the journal and, of Unsupported, for the person
  bool operator==(const CeremonyFailed&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.cause);
    a.text(m.detail, kMaxName);
  }
};

}  // namespace stepup::wire
