// SPDX-License-Identifier: ISC
// Every sentence a person can read, by number.  words.cc holds the words; the numbers travel.
#pragma once

#include <cstdint>

namespace stepup::wire {

template <typename E>
struct WireRange;

// In brackets: the arguments, in their order.
enum class MessageId : std::uint8_t {
  None = 0,

  // Prompts.
  PromptOtp,           // [user, host, what is being asked for]
  PromptOtpSession,    // [user, host, login session]: verify --session
  PromptTicket,        // []
  PromptNewCode,       // []
  PromptRecoveryBack,  // []
  PromptPrivateId,     // []
  PromptAesKey,        // []
  PromptNewYubiKey,    // []

  // Notices: before the next prompt, or before a verdict.
  WrongCode,              // []
  WrongCodeLostDevice,    // []
  CodeAlreadyUsed,        // []
  NotACode,               // []: the answer has no format that this person has enrolled
  WrongTicket,            // []
  CredentialAdded,        // [factor, label, who, date]
  CredentialRemoved,      // [factor, label, who, date]
  RecoveryCodesReplaced,  // [who, date]
  RecoveryCodeUsed,       // [date]
  StaleRules,             // [file:line:column: what]
  FewRecoveryCodes,       // [command that makes new ones]
  NextCodeToo,            // []: an HOTP device is ahead
  OtherKeyboardLayout,    // []: a YubiKey typed, and not in modhex
  WrongYubiKeyCode,       // []: while one is enrolled
  NotHex,                 // [how many digits]

  // Refusals, the words of a verdict.
  Refused,                  // [service, host]
  RefusedWrongCode,         // [service, host]
  RefusedWrongClock,        // [service, host]: wrong code, and the clock is unsynchronised
  RefusedClockImplausible,  // [host, its date]
  RefusedCancelled,         // [service, host]
  RefusedTimedOut,          // [service, host]
  RefusedNoConversation,    // [service, host]
  RefusedUnenrolled,        // [host]
  RefusedLevel,             // [service, host, level]
  RefusedLockedOut,         // [time left]
  RefusedOwnerMismatch,     // [uid, name at enrolment, name now]
  RefusedStorage,           // [host]
  RefusedNoRules,           // [file:line:column: what]
  RefusedBusy,              // [host]
  RefusedIdentity,          // [service, host]: who asks cannot be told
  RefusedNamespace,         // [host]
  RefusedRights,            // [what needs root]
  RefusedUnknownUser,       // [user]
  RefusedNoSuchLabel,       // [label, user]
  RefusedLabelTaken,        // [label, user]
  RefusedLabelForm,         // []
  RefusedTooMany,           // [user]
  RefusedTicket,            // [user]
  RefusedLastCredential,    // []
  RefusedNotEnrolled,       // [user]
  RefusedNoTty,             // []
  RefusedVerifySession,     // []
  RefusedDigits,            // []
  RefusedSealKey,           // [what is wrong with the key]
  RefusedKeyTaken,          // []

  // Said by the module or stepupctl itself, when the daemon cannot.
  DaemonAbsent,    // [socket, cause]
  DaemonSilent,    // [socket]
  DaemonLeft,      // [socket]: the connection ended without a verdict
  DaemonVersion,   // [our version, oldest it speaks, newest it speaks]
  DaemonNonsense,  // [socket]
  BadOption,       // [option]
  InternalError,   // []

  kLast = InternalError,
};

template <>
struct WireRange<MessageId> {
  static constexpr std::uint64_t kLowest = 0;
  static constexpr std::uint64_t kHighest = static_cast<std::uint64_t>(MessageId::kLast);
};

}  // namespace stepup::wire
