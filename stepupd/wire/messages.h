// SPDX-License-Identifier: ISC
// The messages of PROTOCOL.md that both sockets carry, and the module's request; those of stepupctl
// are in a header for each subject, such as grant_messages.h.  Each struct lists its fields once,
// in `fields`; encode() and decode() in packet.h walk that list.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/language.h"
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
inline constexpr std::size_t kMaxText = 1024;
// Of the command that sudo decided on, which comes besides its command line.
inline constexpr std::size_t kMaxExactPath = 1024;
inline constexpr std::size_t kMaxExactBytes = 4096;
inline constexpr std::size_t kMaxExactWords = 512;
inline constexpr std::size_t kMaxAuthInfo = 16 * 1024;

// Names the message on the wire.  Requests are even, what the daemon sends is odd.
enum class MessageType : std::uint16_t {
  CheckRequest = 2,    // stepupd.sock
  StatusRequest = 16,  // control.sock, as are the next ten
  ListRequest = 18,
  EnrollRequest = 20,
  TicketRequest = 22,
  ResetRequest = 24,
  RemoveRequest = 26,
  VerifyRequest = 28,
  SessionsRequest = 30,
  RevokeRequest = 32,
  ImportRequest = 34,
  GateRequest = 36,
  LogRequest = 38,
  Answer = 64,  // both
  Cancel = 66,
  ImportText = 68,      // control.sock
  AgentAnswer = 70,     // stepupd.sock, and the only one that carries a descriptor
  AssertRequest = 128,  // helper.sock, where the daemon is the client
  MakeCredentialRequest = 130,
  Pin = 132,

  Heartbeat = 65,
  Prompt = 67,
  Notice = 69,
  Verdict = 71,
  AgentRequest = 73,
  StatusReport = 81,
  CredentialList = 83,
  NewAuthenticator = 85,
  NewRecoveryCodes = 87,
  NewTicket = 89,
  SessionList = 91,
  NewYubiKey = 93,
  ImportTextWanted = 95,
  ImportReport = 97,
  ActivityReport = 99,
  CeremonyProgress = 129,  // from the helper
  PinWanted = 131,
  Assertion = 133,
  NewCredential = 135,
  CeremonyFailed = 137,
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

enum class Phase : std::uint8_t {
  Auth = 1,
  Account,
  OpenSession,
  CloseSession,
  Approval,  // sudo's own plugin, after its policy has decided on the command
};

// The program that calls PAM, from /proc/self/exe, which no sudoers or PAM setting can change.
enum class Program : std::uint8_t { Other = 1, Sudo, Su, Doas };

enum class ClockState : std::uint8_t { Unknown = 1, Synchronised, Unsynchronised };

enum class CancelReason : std::uint8_t {
  Interrupted = 1,  // Ctrl-C, or another signal that ends the program, is pending
  EmptyAnswer,      // the person pressed Enter
  NoConversation,   // the application cannot prompt (sudo -n, no terminal)
  Unusable,         // an answer too long to be one
};

// What became of the connection to the agent that SSH_AUTH_SOCK names.
enum class AgentOutcome : std::uint8_t {
  Connected = 1,  // a descriptor comes along
  Absent,         // it names none
  Unreachable,    // nobody answers there
  Unfit,          // what is there is no socket of the caller's, or on a file system that may hang
};

template <>
struct WireRange<AgentOutcome> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 4;
};
template <>
struct WireRange<Phase> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 5;
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
struct WireRange<Language> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 3;
};
template <>
struct WireRange<CancelReason> {
  static constexpr std::uint64_t kLowest = 1, kHighest = 4;
};

// A message for a person: which one, its arguments, and in which language (words.h has the words).
struct Words {
  MessageId id = MessageId::None;
  std::vector<std::string> args;
  Language language = Language::English;
  bool operator==(const Words&) const = default;

  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.id);
    a.list(m.args, 8, [](auto& arg, auto& in) { in.text(arg, kMaxText); });
    a.choice(m.language);
  }
};

// What sudo itself decided to run, as its approval plugin is told.
struct ExactCommand {
  std::string path;               // of the program, absolute; or "sudoedit", and argv the files
  std::vector<std::string> argv;  // with the program's name for itself
  bool truncated = false;         // there was more, or a shell may run more
  std::string cwd;                // where it will run; empty = where sudo was called
  bool operator==(const ExactCommand&) const = default;

  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.text(m.path, kMaxExactPath);
    a.list(m.argv, kMaxExactWords, [](auto& word, auto& in) { in.text(word, kMaxExactBytes); });
    a.flag(m.truncated);
    a.text(m.cwd, kMaxExactPath);
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
  // Of polkit's agent helper as a service, which PID 1 starts: the process that connected to it and
  // lived when this was sent.
  std::optional<std::uint32_t> requester;
  std::optional<ExactCommand> exact;  // in the Approval phase
  // SSH_AUTH_INFO_0 of PAM's environment, from sshd alone; absent = not set, or longer.
  std::optional<std::string> ssh_auth_info;
  bool has_authtok = false;  // PAM_AUTHTOK is set: a module before this one took a password
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
    a.maybe(m.requester, [](auto& pid, auto& in) { in.number(pid); });
    a.maybe(m.exact, [](auto& exact, auto& in) { ExactCommand::fields(exact, in); });
    if constexpr (Archive::kDecoding) {
      if ((m.phase == Phase::Approval) != m.exact.has_value()) a.refuse();
    }
    a.maybe(m.ssh_auth_info, [](auto& text, auto& in) { in.text(text, kMaxAuthInfo); });
    a.flag(m.has_authtok);
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

// The answer to AgentRequest.
struct AgentAnswer {
  static constexpr auto kType = MessageType::AgentAnswer;
  AgentOutcome outcome = AgentOutcome::Absent;
  bool operator==(const AgentAnswer&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    a.choice(m.outcome);
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
  bool enter_answers = false;  // Enter alone is an Answer, not a Cancel
  bool operator==(const Prompt&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self& m, Archive& a) {
    Words::fields(m.words, a);
    a.flag(m.echo);
    a.flag(m.enter_answers);
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

// Hand over a connection to the ssh agent of whoever called sudo, su or doas.
struct AgentRequest {
  static constexpr auto kType = MessageType::AgentRequest;
  bool operator==(const AgentRequest&) const = default;
  template <typename Self, typename Archive>
  static void fields(Self&, Archive&) {}
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
