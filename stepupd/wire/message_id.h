// SPDX-License-Identifier: ISC
// Every sentence a person can read, by number.  The numbers travel; words_en.cc and its neighbours
// hold the words, and do not compile without those of a new number.
#pragma once

#include <cstdint>

namespace stepup::wire {

template <typename E>
struct WireRange;

// In brackets: the arguments, in their order.  A time left is in seconds.
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
  PromptTouchOrOtp,    // [user, host, what is being asked for, code]
  PromptPin,           // [tries left]
  PromptPinOrOtp,      // [tries left]: Enter alone goes on to a one-time code

  // Notices: before the next prompt, or before a verdict.
  WrongCode,              // []
  WrongCodeLostDevice,    // []
  CodeAlreadyUsed,        // []
  PressedCodeUsed,        // []: of a device that makes a code when a button is pressed
  RecoveryCodeSpent,      // []
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
  TouchKey,               // [user, host, what is being asked for, code]
  TouchFinger,            // the same: a fingerprint
  PlugInKey,              // the same: and then a touch
  TouchNow,               // []: Enter came before the touch
  SelectKey,              // []: a touch chooses one of several
  EnrollTouch,            // []: of the key that is to be enrolled
  EnrollPlugIn,           // []
  KeyAbsent,              // []: before a prompt for a code
  KeyOther,               // []: what is plugged in is not enrolled for this person
  KeyBusy,                // [by what]
  TouchQueued,            // [what the other request asks for, its code]
  WrongPin,               // []
  FingerNotRecognised,    // []
  TouchCooldown,          // [time left]: before a prompt for a code
  EnrollReminder,         // [host, last day without]: who has no factor yet is let through
  AgentTouch,             // [user, host, what is being asked for, code]: of a key behind ssh
  AgentAbsent,            // []: before a prompt for a code, as the next four
  AgentOtherKeys,         // []
  AgentRefused,           // []: at once, so nobody was asked for a touch
  AgentBroken,            // []
  AgentNotTouched,        // []

  // Refusals, the words of a verdict.
  Refused,                  // [service, host]
  RefusedWrongCode,         // [service, host]
  RefusedWrongClock,        // [service, host]: wrong code, and the clock is unsynchronised
  RefusedClockImplausible,  // [host, its time]
  RefusedCancelled,         // [service, host]
  RefusedTimedOut,          // [service, host]
  RefusedRevoked,           // [service, host]
  RefusedEnrollCancelled,   // []
  RefusedNoConversation,    // [service, host]
  RefusedUnenrolled,        // [host]
  RefusedLevel,             // [service, host, level]
  RefusedFactorKind,        // [service, host, factors that count]
  RefusedByRule,            // [service, host, what the rule says]
  RefusedNoFactorCounts,    // [service, host]
  RefusedLockedOut,         // [time left]
  RefusedOwnerMismatch,     // [uid, name at enrolment, name now]
  RefusedStorage,           // [host]
  RefusedNoRules,           // [file:line:column: what]
  RefusedBusy,              // [host]
  RefusedIdentity,          // [service, host]: who asks cannot be told
  RefusedNamespace,         // [host]
  RefusedRights,            // [command that needs root]
  RefusedOtherUser,         // []: only root may do it for another user
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
  RefusedNoTouch,           // [service, host]
  RefusedNoKey,             // [service, host]: none was plugged in
  RefusedOtherKey,          // [service, host]
  RefusedKeyBusy,           // [service, host, by what]
  RefusedKeyUnplugged,      // [service, host]
  RefusedPinBlocked,        // []
  RefusedPinSoftBlocked,    // []
  RefusedPinNearlyBlocked,  // []
  RefusedPinNotSet,         // []
  RefusedUvBlocked,         // []
  RefusedKeyFailed,         // [service, host]: or what it sent is no evidence
  RefusedClone,             // [host]
  RefusedHelper,            // [host]: the helper does not answer
  RefusedRemoteTouch,       // [service, host]
  RefusedTouchCooldown,     // [time left]
  RefusedKeyUnsupported,    // [what]
  RefusedModel,             // [model]
  RefusedEnrollRemote,      // [host]
  RefusedKeyExcluded,       // []
  RefusedDeclared,          // [host]: a file of credentials.d has a mistake
  RefusedImport,            // []: the report before it says why
  RefusedNoTerminal,        // [service, host]: of a command over ssh
  RefusedNoAgent,           // [service, host]
  RefusedAgentOtherKeys,    // [service, host]
  RefusedAgent,             // [service, host]: the agent refused at once
  RefusedAgentBroken,       // [service, host]
  RefusedAgentUv,           // [service, host]
  RefusedAgentElsewhere,    // [service]: its key can be asked by sudo alone
  RefusedFirstFactor,       // [service, host]: sshd asks for a code before anything else

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
