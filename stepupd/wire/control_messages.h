// SPDX-License-Identifier: ISC
// The messages of control.sock alone: what stepupctl asks for, and what it is shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/coordinates.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/wire/messages.h"

namespace stepup::wire {

inline constexpr std::size_t kMaxLabel = 64;
inline constexpr std::size_t kMaxRows = 256;
inline constexpr std::size_t kMaxDigest = 64;  // SHA-256 in hex
inline constexpr std::size_t kMaxSessionRows = 1000;
inline constexpr std::size_t kMaxRpId = 253;
inline constexpr std::size_t kMaxPublicKey = 4096;        // of OpenSSH, without its comment
inline constexpr std::size_t kMaxImport = 1024 * 1024;    // bytes of a file of another tool
inline constexpr std::size_t kMaxImportText = 48 * 1024;  // that come in one packet
inline constexpr std::size_t kMaxRemarks = 4;
inline constexpr std::size_t kMaxRemark = 256;
inline constexpr std::size_t kMaxMethods = 16;
inline constexpr std::size_t kMaxArguments = 4096;

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
  static constexpr std::uint64_t kLowest = 1, kHighest = 6;
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

// May this command, over an SSH connection that is open, go on?
struct GateRequest {
  static constexpr auto kType = MessageType::GateRequest;
  std::string command;  // SSH_ORIGINAL_COMMAND, a hint; empty = a login shell
  bool command_truncated = false;
  bool operator==(const GateRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.command, kMaxArgvBytes);
    a.flag(m.command_truncated);
  }
};

// Forget grants: those of `user`, of one session, or all of this host.
struct RevokeRequest {
  static constexpr auto kType = MessageType::RevokeRequest;
  std::string user;                   // empty = the caller
  bool all = false;                   // everybody's, whatever the rest says; needs root
  std::optional<SessionKey> session;  // everybody's in it for root, else the caller's
  bool operator==(const RevokeRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.flag(m.all);
    a.maybe(m.session, [](auto& key, auto& in) { session_key(key, in); });
  }
};

// Take the credentials of another tool's file over, all of them or none.  Its text follows, piece
// by piece, each when the daemon asks for it: secrets, and perhaps of the user's own writing.
struct ImportRequest {
  static constexpr auto kType = MessageType::ImportRequest;
  std::string user;   // whose file it is: it may name nobody else; empty = anybody's
  std::string rp_id;  // of the security keys in it, which the file does not tell
  std::uint32_t size = 0;
  bool dry_run = false;  // do all of it, and undo it
  bool operator==(const ImportRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.text(m.rp_id, kMaxRpId);
    a.number(m.size);
    a.flag(m.dry_run);
    if constexpr (Archive::kDecoding) {
      if (m.size > kMaxImport) a.refuse();
    }
  }
};

struct ImportText {
  static constexpr auto kType = MessageType::ImportText;
  SecretBytes text;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.secret(m.text, kMaxImportText);
  }
};

struct ImportTextWanted {
  static constexpr auto kType = MessageType::ImportTextWanted;
  bool operator==(const ImportTextWanted&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self&, Archive&) {}
};

// One credential of the file.
struct ImportRow {
  std::uint32_t line = 0;
  std::string user;
  FactorKind factor = FactorKind::Totp;
  std::string label;                 // that it has here
  std::string details;               // as in CredentialRow
  bool enrolled = false;             // it was before, so nothing is changed
  std::vector<std::string> remarks;  // what of it does not come along
  bool operator==(const ImportRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.line);
    a.text(m.user, kMaxName);
    a.choice(m.factor);
    a.text(m.label, kMaxLabel);
    a.text(m.details, kMaxText);
    a.flag(m.enrolled);
    a.list(m.remarks, kMaxRemarks, [](auto& remark, auto& in) { in.text(remark, kMaxRemark); });
  }
};

// What keeps the file from being imported.
struct ImportProblem {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string what;
  bool operator==(const ImportProblem&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.line);
    a.number(m.column);
    a.text(m.what, kMaxText);
  }
};

// A part of what came of it; more may follow.
struct ImportReport {
  static constexpr auto kType = MessageType::ImportReport;
  std::vector<ImportRow> rows;
  std::vector<ImportProblem> problems;
  bool operator==(const ImportReport&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.list(m.rows, kMaxRows, [](auto& row, auto& in) { ImportRow::fields(row, in); });
    a.list(m.problems, kMaxRows, [](auto& one, auto& in) { ImportProblem::fields(one, in); });
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

// How the asking process's session was logged in to.
struct LoginRow {
  std::uint32_t uid = kNoUid;        // who logged in
  std::string service;               // PAM_SERVICE
  std::string source;                // PAM_RHOST; empty = not told
  std::string tty;                   // PAM_TTY
  std::vector<std::string> methods;  // "publickey", "password", ...; empty = unknown
  std::vector<std::string> amr;      // the same as values of RFC 8176
  Level level = Level::None;         // what it proved and has not lost since
  std::uint64_t age_seconds = 0;     // of that proof, or of the login
  bool operator==(const LoginRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.uid);
    a.text(m.service, kMaxName);
    a.text(m.source, kMaxName);
    a.text(m.tty, kMaxName);
    a.list(m.methods, kMaxMethods, [](auto& method, auto& in) { in.text(method, kMaxName); });
    a.list(m.amr, kMaxMethods, [](auto& value, auto& in) { in.text(value, kMaxName); });
    a.choice(m.level);
    a.number(m.age_seconds);
  }
};

// What the asker's user has done in the asking process's session since stepupd began.
struct SessionActivity {
  std::uint64_t commands = 0;      // that stepupd was asked about
  std::uint64_t refused = 0;       // of them
  std::uint64_t idle_seconds = 0;  // since the last one; 0 when there was none
  bool operator==(const SessionActivity&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.commands);
    a.number(m.refused);
    a.number(m.idle_seconds);
  }
};

struct StatusReport {
  static constexpr auto kType = MessageType::StatusReport;
  std::string daemon_version;
  std::string session;  // "login session 3, /dev/pts/0"
  std::vector<GrantRow> grants;
  std::vector<RuleRow> rules;
  std::vector<std::string> remarks;  // stale rules, monitor mode, "no rule matches sudo: ..."
  std::string rules_digest;          // of the files in force; empty = no rules
  std::optional<LoginRow> login;     // absent = not reported
  SessionActivity activity = {};
  bool operator==(const StatusReport&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.daemon_version, kMaxName);
    a.text(m.session, kMaxText);
    a.list(m.grants, kMaxRows, [](auto& row, auto& in) { GrantRow::fields(row, in); });
    a.list(m.rules, kMaxRows, [](auto& row, auto& in) { RuleRow::fields(row, in); });
    a.list(m.remarks, kMaxRows, [](auto& remark, auto& in) { in.text(remark, kMaxText); });
    a.text(m.rules_digest, kMaxDigest);
    a.maybe(m.login, [](auto& row, auto& in) { LoginRow::fields(row, in); });
    SessionActivity::fields(m.activity, a);
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

// What was decided lately, oldest first.  An empty `user` means everybody to root and
// administrators, and the caller to others; another name needs to be one of them.
struct LogRequest {
  static constexpr auto kType = MessageType::LogRequest;
  std::string user;
  std::optional<SessionKey> session;
  std::int64_t since = 0;   // Unix seconds
  std::uint64_t after = 0;  // id of the last row that is known already
  bool operator==(const LogRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.user, kMaxName);
    a.maybe(m.session, [](auto& key, auto& in) { session_key(key, in); });
    a.number(m.since);
    a.number(m.after);
  }
};

// One decision.
struct ActivityRow {
  std::uint64_t id = 0;  // grows
  std::int64_t at = 0;   // Unix seconds
  std::string user;      // whose factor counted
  std::uint32_t uid = kNoUid;
  SessionKey session;
  std::string tty;          // "pts/0"; empty = none
  std::string service;      // the family
  std::string phase;        // as in the journal
  std::string target_user;  // empty = not known
  std::string command;      // basename; empty = not known
  std::string digest;       // keyed, of the whole command line
  std::string arguments;    // only where stepupd.conf asks for them
  std::string verdict;      // as in the journal, with the next three
  std::string reason;
  std::string rules;
  std::string factor;
  bool operator==(const ActivityRow&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.number(m.id);
    a.number(m.at);
    a.text(m.user, kMaxName);
    a.number(m.uid);
    session_key(m.session, a);
    a.text(m.tty, kMaxName);
    a.text(m.service, kMaxName);
    a.text(m.phase, kMaxName);
    a.text(m.target_user, kMaxName);
    a.text(m.command, kMaxName);
    a.text(m.digest, kMaxName);
    a.text(m.arguments, kMaxArguments);
    a.text(m.verdict, kMaxName);
    a.text(m.reason, kMaxName);
    a.text(m.rules, kMaxText);
    a.text(m.factor, kMaxName);
  }
};

struct ActivityReport {
  static constexpr auto kType = MessageType::ActivityReport;
  std::vector<ActivityRow> rows;
  bool more = false;  // ask for those after the last of these
  bool operator==(const ActivityReport&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.list(m.rows, kMaxRows, [](auto& row, auto& in) { ActivityRow::fields(row, in); });
    a.flag(m.more);
  }
};

}  // namespace stepup::wire
