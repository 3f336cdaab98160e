// SPDX-License-Identifier: ISC
// The messages of PROTOCOL.md.  Each struct lists its fields once, in `fields`; encode() and
// decode() in packet.h walk that list.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/coordinates.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/wire/codec.h"
#include "stepupd/wire/message_id.h"

namespace stepup::wire {

inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::size_t kMaxName = 256;             // user, service, tty, host
inline constexpr std::size_t kMaxAnswer = 512;           // PAM_MAX_RESP_SIZE
inline constexpr std::size_t kMaxArgvBytes = 32 * 1024;  // beyond it argv_truncated is set
inline constexpr std::size_t kMaxArgvWords = 4096;
inline constexpr std::size_t kMaxGroups = 1024;  // more = unknown
inline constexpr std::size_t kMaxLabel = 64;
inline constexpr std::size_t kMaxText = 1024;
inline constexpr std::size_t kMaxRows = 256;
inline constexpr std::size_t kMaxSessionRows = 1000;

// Names the message on the wire.  Requests are even, what the daemon sends is odd.
enum class MessageType : std::uint16_t {
  CheckRequest = 2,    // stepupd.sock
  StatusRequest = 16,  // control.sock, as are the next eight
  ListRequest = 18,
  EnrollRequest = 20,
  TicketRequest = 22,
  ResetRequest = 24,
  RemoveRequest = 26,
  VerifyRequest = 28,
  SessionsRequest = 30,
  RevokeRequest = 32,
  Answer = 64,  // both
  Cancel = 66,

  Heartbeat = 65,
  Prompt = 67,
  Notice = 69,
  Verdict = 71,
  StatusReport = 81,
  CredentialList = 83,
  NewAuthenticator = 85,
  NewRecoveryCodes = 87,
  NewTicket = 89,
  SessionList = 91,
  NewYubiKey = 93,
  VersionMismatch = 0xffff,
};

// What the daemon decided.  No value is zero, and any two differ in at least two bits, so neither
// a zeroed buffer nor a single flipped bit can read as another verdict.
enum class VerdictCode : std::uint32_t {
  Granted = 0x4752'4e54,      // "GRNT": proven now, or a live grant covers it
  NotRequired = 0x4e52'4551,  // "NREQ": nothing is asked, and nothing was proven
  Denied = 0x4445'4e59,       // "DENY"
  LockedOut = 0x4c4f'434b,    // "LOCK": too many failures, or too many requests
  Unavailable = 0x554e'4156,  // "UNAV": the daemon cannot decide
};

enum class Phase : std::uint8_t { Auth = 1, Account, OpenSession, CloseSession };

// The program that calls PAM, from /proc/self/exe, which no sudoers or PAM setting can change.
enum class Program : std::uint8_t { Other = 1, Sudo, Su, Doas };

enum class ClockState : std::uint8_t { Unknown = 1, Synchronised, Unsynchronised };

enum class CancelReason : std::uint8_t {
  Interrupted = 1,  // Ctrl-C, or another signal that ends the program, is pending
  EmptyAnswer,      // the person pressed Enter
  NoConversation,   // the application cannot prompt (sudo -n, no terminal)
  Unusable,         // an answer too long to be one
};

enum class HashAlgorithm : std::uint8_t { Sha1 = 1, Sha256, Sha512 };

enum class EnrollKind : std::uint8_t {
  Totp = 1,
  RecoveryCodes,
  Hotp,
  YubiKey,          // with a secret that is made for it
  ExistingYubiKey,  // with the secret that it holds, which is asked for
};

template <>
struct WireRange<Phase> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 4;
};
template <>
struct WireRange<Program> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 4;
};
template <>
struct WireRange<ClockState> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 3;
};
template <>
struct WireRange<CancelReason> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 4;
};
template <>
struct WireRange<HashAlgorithm> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 3;
};
template <>
struct WireRange<EnrollKind> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 5;
};
template <>
struct WireRange<Level> {
  static constexpr std::uint64_t kLowest = 0, kHighest = 3;
};
template <>
struct WireRange<Scope> {
  static constexpr std::uint64_t kLowest = 0, kHighest = 2;
};
template <>
struct WireRange<FactorKind> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 4;
};

template <>
struct WireRange<SessionKey::Kind> {
  static constexpr std::uint64_t kLowest = 0, kHighest = 3;
};

template <typename Archive, typename Key>
void session_key(Key& key, Archive& a) {
  a.choice(key.kind);
  a.number(key.id);
}

// A message for a person: which one, and its arguments (words.h holds the words).
struct Words {
  MessageId id = MessageId::None;
  std::vector<std::string> args;
  bool operator==(const Words&) const = default;

  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.id);
    a.list(m.args, 8, [](auto& arg, auto& in) { in.text(arg, kMaxText); });
  }
};

// Module: may this PAM transaction go on?  Everything here comes from a root process, but what a
// user can influence (tty, rhost, argv) is a hint; who asks is read from the kernel.
struct CheckRequest {
  static constexpr auto kType = MessageType::CheckRequest;
  Phase phase = Phase::Auth;
  Program program = Program::Other;
  std::string service;                  // PAM_SERVICE
  std::string pam_user;                 // PAM_USER
  std::uint32_t pam_user_uid = kNoUid;  // its uid, kNoUid when there is no such account
  std::string caller;                   // name of this process's real uid; empty when it has none
  std::string rhost_hint;               // PAM_RHOST
  std::string tty_hint;                 // PAM_TTY
  std::optional<std::vector<std::uint32_t>> groups;  // of PAM_USER (getgrouplist); absent = unknown
  std::vector<std::string> argv;                     // /proc/self/cmdline
  bool argv_truncated = false;
  ClockState clock = ClockState::Unknown;  // adjtimex(2): only words depend on it
  bool operator==(const CheckRequest&) const = default;

  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.phase);
    a.choice(m.program);
    a.text(m.service, kMaxName);
    a.text(m.pam_user, kMaxName);
    a.number(m.pam_user_uid);
    a.text(m.caller, kMaxName);
    a.text(m.rhost_hint, kMaxName);
    a.text(m.tty_hint, kMaxName);
    a.maybe(m.groups, [](auto& gids, auto& in) {
      in.list(gids, kMaxGroups, [](auto& gid, auto& in2) { in2.number(gid); });
    });
    a.list(m.argv, kMaxArgvWords, [](auto& word, auto& in) { in.text(word, kMaxArgvBytes); });
    a.flag(m.argv_truncated);
    a.choice(m.clock);
  }
};

// What this session has proved and which rules are in force.
struct StatusRequest {
  static constexpr auto kType = MessageType::StatusRequest;
  bool operator==(const StatusRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self&, Archive&) {}
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
  bool operator==(const EnrollRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.kind);
    a.text(m.user, kMaxName);
    a.text(m.label, kMaxLabel);
    a.text(m.replace_label, kMaxLabel);
    a.choice(m.algorithm);
    a.number(m.digits);
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

// Step up now.  `session`: let the grant reach the whole login session, where conf allows it.
struct VerifyRequest {
  static constexpr auto kType = MessageType::VerifyRequest;
  bool session = false;
  bool operator==(const VerifyRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.flag(m.session);
  }
};

// Which grants live.  An empty `user` means everybody to root, and the caller to others.
struct SessionsRequest {
  static constexpr auto kType = MessageType::SessionsRequest;
  std::string user;
  bool operator==(const SessionsRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
  }
};

// Forget grants: those of `user`, of one session, or all of this host.
struct RevokeRequest {
  static constexpr auto kType = MessageType::RevokeRequest;
  std::string user;                   // empty = the caller
  bool all = false;                   // everybody's, whatever the rest says; needs root
  std::optional<SessionKey> session;  // of whoever has grants in it; others' need root
  bool operator==(const RevokeRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.flag(m.all);
    a.maybe(m.session, [](auto& key, auto& in) { session_key(key, in); });
  }
};

// What the person typed.
struct Answer {
  static constexpr auto kType = MessageType::Answer;
  SecretBytes text;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.secret(m.text, kMaxAnswer);
  }
};

struct Cancel {
  static constexpr auto kType = MessageType::Cancel;
  CancelReason reason = CancelReason::Interrupted;
  bool operator==(const Cancel&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.reason);
  }
};

// The daemon lives and works on it.
struct Heartbeat {
  static constexpr auto kType = MessageType::Heartbeat;
  bool operator==(const Heartbeat&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self&, Archive&) {}
};

// Ask the person; the peer sends Answer or Cancel.
struct Prompt {
  static constexpr auto kType = MessageType::Prompt;
  Words words;
  bool echo = false;
  bool operator==(const Prompt&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    Words::fields(m.words, a);
    a.flag(m.echo);
  }
};

// Tell the person; no answer.
struct Notice {
  static constexpr auto kType = MessageType::Notice;
  Words words;
  bool operator==(const Notice&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    Words::fields(m.words, a);
  }
};

// The last message of every dialogue.  On Granted and NotRequired `words` is None.
struct Verdict {
  static constexpr auto kType = MessageType::Verdict;
  VerdictCode code = VerdictCode::Denied;
  Words words;
  bool operator==(const Verdict&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    verdict_code(m.code, a);
    Words::fields(m.words, a);
    if constexpr (Archive::kDecoding) {
      const bool positive = m.code == VerdictCode::Granted || m.code == VerdictCode::NotRequired;
      if (positive && m.words != Words{}) a.refuse();  // or a damaged packet could still grant
    }
  }

 private:
  template <typename Code, typename Archive>
  static void verdict_code(Code& code, Archive& a) {
    auto raw = static_cast<std::uint32_t>(code);
    a.number(raw);
    if constexpr (Archive::kDecoding) {
      switch (code = static_cast<VerdictCode>(raw)) {
        case VerdictCode::Granted:
        case VerdictCode::NotRequired:
        case VerdictCode::Denied:
        case VerdictCode::LockedOut:
        case VerdictCode::Unavailable: return;
      }
      a.refuse();
    }
  }
};

// One grant that reaches the asking process.
struct GrantRow {
  Level level = Level::None;
  FactorKind factor = FactorKind::Totp;
  Scope scope = Scope::Process;
  std::uint64_t age_seconds = 0;
  bool operator==(const GrantRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.level);
    a.choice(m.factor);
    a.choice(m.scope);
    a.number(m.age_seconds);
  }
};

struct RuleRow {
  std::string name;
  std::string demand;  // "otp within 15min, scope session"
  std::string origin;  // file:line
  bool enforced = true;
  bool operator==(const RuleRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.name, kMaxName);
    a.text(m.demand, kMaxText);
    a.text(m.origin, kMaxText);
    a.flag(m.enforced);
  }
};

struct StatusReport {
  static constexpr auto kType = MessageType::StatusReport;
  std::string daemon_version;
  std::string session;  // "login session 3, /dev/pts/0"
  std::vector<GrantRow> grants;
  std::vector<RuleRow> rules;
  std::vector<std::string> remarks;  // stale rules, monitor mode, "no rule matches sudo: ..."
  bool operator==(const StatusReport&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.daemon_version, kMaxName);
    a.text(m.session, kMaxText);
    a.list(m.grants, kMaxRows, [](auto& row, auto& in) { GrantRow::fields(row, in); });
    a.list(m.rules, kMaxRows, [](auto& row, auto& in) { RuleRow::fields(row, in); });
    a.list(m.remarks, kMaxRows, [](auto& remark, auto& in) { in.text(remark, kMaxText); });
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

// One grant, and where it was obtained.
struct SessionRow {
  std::uint32_t uid = kNoUid;  // whose
  SessionKey session;
  std::string tty;           // "pts/0"; empty = none
  std::uint32_t leader = 0;  // pid of the POSIX session's leader
  Level level = Level::None;
  FactorKind factor = FactorKind::Totp;
  Scope scope = Scope::Process;
  std::uint64_t age_seconds = 0;
  bool operator==(const SessionRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.uid);
    session_key(m.session, a);
    a.text(m.tty, kMaxName);
    a.number(m.leader);
    a.choice(m.level);
    a.choice(m.factor);
    a.choice(m.scope);
    a.number(m.age_seconds);
  }
};

struct SessionList {
  static constexpr auto kType = MessageType::SessionList;
  std::vector<SessionRow> sessions;  // the newest grants first
  std::uint64_t total = 0;           // how many there are, with those that found no room here
  bool operator==(const SessionList&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.list(m.sessions, kMaxSessionRows, [](auto& row, auto& in) { SessionRow::fields(row, in); });
    a.number(m.total);
  }
};

// The refusal of a version this daemon does not speak.  Its layout, header included, never changes.
struct VersionMismatch {
  static constexpr auto kType = MessageType::VersionMismatch;
  std::uint16_t oldest = kVersion;
  std::uint16_t newest = kVersion;
  bool operator==(const VersionMismatch&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.oldest);
    a.number(m.newest);
  }
};

}  // namespace stepup::wire
