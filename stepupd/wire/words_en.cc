// SPDX-License-Identifier: ISC
#include "stepupd/wire/languages.h"

namespace stepup::wire {

std::string_view english(MessageId id) noexcept {
  switch (id) {  // no default: a new id must not compile without words
    case MessageId::None: return "";

    case MessageId::PromptOtp: return "One-time code for {0}@{1} ({2}): ";
    case MessageId::PromptOtpSession:
      return "One-time code for {0}@{1} (for all of login session {2}): ";
    case MessageId::PromptTicket: return "Enrolment ticket: ";
    case MessageId::PromptNewCode: return "Code shown by the new authenticator: ";
    case MessageId::PromptRecoveryBack: return "Type one of these recovery codes: ";
    case MessageId::PromptPrivateId:
      return "Private id that the YubiKey holds (12 hexadecimal digits): ";
    case MessageId::PromptAesKey: return "AES key that it holds (32 hexadecimal digits): ";
    case MessageId::PromptNewYubiKey: return "Touch the YubiKey, so that it types a code: ";

    case MessageId::PromptTouchOrOtp:
      return "Touch your security key and press Enter, or type a one-time code, for {0}@{1} ({2}) "
             "[{3}]: ";
    case MessageId::PromptPin: return "PIN of your security key (tries left: {0}): ";
    case MessageId::PromptPinOrOtp:
      return "PIN of your security key (tries left: {0}), or Enter for a one-time code: ";

    case MessageId::WrongCode: return "That code is wrong.";
    case MessageId::WrongCodeLostDevice:
      return "That code is wrong. Lost your device? Type a recovery code.";
    case MessageId::CodeAlreadyUsed:
      return "This code was already used. Wait until your device shows the next one.";
    case MessageId::PressedCodeUsed:
      return "This code was already used. Press the button of your device again, for a new one.";
    case MessageId::RecoveryCodeSpent:
      return "This recovery code was already used, and each works once. Type another one.";
    case MessageId::NotACode:
      return "That is not a code: type what your device shows, or a recovery code.";
    case MessageId::WrongTicket: return "That ticket is wrong or no longer good.";
    case MessageId::CredentialAdded:
      return "Note: \"{1}\" ({0}) was added to your account by {2} on {3}. Was it not you? Tell an "
             "administrator.";
    case MessageId::CredentialRemoved:
      return "Note: \"{1}\" ({0}) was removed from your account by {2} on {3}. Was it not you? "
             "Tell an administrator.";
    case MessageId::RecoveryCodesReplaced:
      return "Note: your recovery codes were replaced by {0} on {1}. Was it not you? Tell an "
             "administrator.";
    case MessageId::RecoveryCodeUsed:
      return "Note: a recovery code of yours was used on {0}. Was it not you? Tell an "
             "administrator.";
    case MessageId::StaleRules:
      return "stepup goes on with its last good rules, because the files have an error: {0}";
    case MessageId::FewRecoveryCodes:
      return "You have few recovery codes left. For new ones run: {0}";
    case MessageId::NextCodeToo:
      return "Your device is ahead of this host. Type the next code that it shows, too.";
    case MessageId::OtherKeyboardLayout:
      return "That came from a YubiKey, but your keyboard layout changed its letters. Switch to a "
             "US layout and touch it again.";
    case MessageId::WrongYubiKeyCode:
      return "That code was not made with this secret. A short touch types from slot 1 of the "
             "YubiKey, a long one from slot 2.";
    case MessageId::NotHex: return "That is not what was asked for: type {0} of 0-9 and a-f.";
    case MessageId::TouchKey: return "Touch your security key for {0}@{1} ({2}) [{3}].";
    case MessageId::TouchFinger:
      return "Touch the fingerprint reader of your security key for {0}@{1} ({2}) [{3}].";
    case MessageId::PlugInKey:
      return "Plug in your security key and touch it for {0}@{1} ({2}) [{3}].";
    case MessageId::TouchNow: return "No touch yet. Touch your security key now.";
    case MessageId::SelectKey:
      return "Several security keys are plugged in. Touch the one that you want to use.";
    case MessageId::EnrollTouch: return "Touch the security key that you want to enrol.";
    case MessageId::EnrollPlugIn: return "Plug in the security key that you want to enrol.";
    case MessageId::KeyAbsent: return "Your security key is not plugged in.";
    case MessageId::KeyOther: return "The security key that is plugged in is not enrolled for you.";
    case MessageId::KeyBusy: return "Your security key is in use by {0}.";
    case MessageId::TouchQueued:
      return "Your security key is needed for another request of yours first: {0} [{1}]. Answer or "
             "cancel that one.";
    case MessageId::WrongPin: return "That PIN is wrong.";
    case MessageId::FingerNotRecognised: return "Your fingerprint was not recognised.";
    case MessageId::TouchCooldown:
      return "Too many requests for a touch went unanswered, so your security key is not asked for "
             "{0t}.";
    case MessageId::AgentTouch:
      return "Touch the security key at your end of ssh for {0}@{1} ({2}) [{3}].";
    case MessageId::AgentAbsent: return "Your ssh connection offers no security key.";
    case MessageId::AgentOtherKeys:
      return "Your ssh agent holds no security key that is enrolled for you.";
    case MessageId::AgentRefused:
      return "Your ssh agent refused at once, so no touch was asked for; see stepup-ssh-sk(7).";
    case MessageId::AgentBroken: return "Your ssh agent does not answer as an agent does.";
    case MessageId::AgentNotTouched: return "The security key at your end of ssh was not touched.";
    case MessageId::EnrollReminder:
      return "You have no second factor on {0} yet, and need one after {1}. Ask an administrator "
             "for a ticket, then run: stepupctl enroll totp";

    case MessageId::Refused: return "{0} on {1} was refused.";
    case MessageId::RefusedWrongCode: return "{0} on {1} was refused: no right code was given.";
    case MessageId::RefusedWrongClock:
      return "{0} on {1} was refused: no right code was given. The clock here is not synchronised, "
             "which makes codes wrong; ask an administrator to run: timedatectl";
    case MessageId::RefusedClockImplausible:
      return "The clock of {0} says {1}, earlier than the last code or stepup itself. Type "
             "a recovery code, or ask an administrator to look at the clock.";
    case MessageId::RefusedCancelled: return "{0} on {1} was refused: no code was given.";
    case MessageId::RefusedEnrollCancelled:
      return "The enrolment was cancelled. Nothing was changed.";
    case MessageId::RefusedTimedOut:
      return "{0} on {1} was refused: no answer within 60 seconds. Try again.";
    case MessageId::RefusedNoConversation:
      return "{0} on {1} needs a second factor and cannot ask for it here. Run \"stepupctl "
             "verify\" in this session first.";
    case MessageId::RefusedUnenrolled:
      return "You have no second factor on {0}. Ask an administrator for a ticket, then run: "
             "stepupctl enroll totp";
    case MessageId::RefusedLevel:
      return "{0} on {1} needs a factor of level \"{2}\", and you have none enrolled. Ask an "
             "administrator.";
    case MessageId::RefusedFactorKind:
      return "{0} on {1} needs one of these factors, and you have enrolled none of them: {2}. Ask "
             "an administrator.";
    case MessageId::RefusedByRule: return "{0} on {1} is not allowed: {2w}";
    case MessageId::RefusedNoFactorCounts:
      return "{0} on {1} was refused: its rules together accept no factor. Ask an administrator to "
             "run: stepupctl status";
    case MessageId::RefusedLockedOut: return "Too many wrong codes. Try again in {0t}.";
    case MessageId::RefusedOwnerMismatch:
      return "The second factor of uid {0} was enrolled by \"{1}\", but uid {0} is now \"{2}\". "
             "Ask an administrator to run: stepupctl reset {2}";
    case MessageId::RefusedStorage:
      return "stepup on {0} cannot record that a code was used, so it accepts none. Ask an "
             "administrator to look at the disk and at: journalctl -u stepupd";
    case MessageId::RefusedNoRules:
      return "stepup has no rules that it can read: {0}. Ask an administrator to run: stepupctl "
             "config check";
    case MessageId::RefusedBusy:
      return "stepup on {0} has too many requests at once. Try again in a moment.";
    case MessageId::RefusedIdentity:
      return "{0} on {1} was refused: stepupd cannot tell who is asking. Ask an administrator to "
             "look at: journalctl -u stepupd";
    case MessageId::RefusedNamespace:
      return "stepup on {0} does not serve processes of a container.";
    case MessageId::RefusedOtherUser: return "Only root may do this for another user.";
    case MessageId::RefusedRights: return "Only root may run: {0}";
    case MessageId::RefusedUnknownUser: return "There is no user \"{0}\" on this host.";
    case MessageId::RefusedNoSuchLabel:
      return "{1} has no credential \"{0}\". To see them run: stepupctl list";
    case MessageId::RefusedLabelTaken:
      return "{1} already has a credential \"{0}\". Choose another --label, or use --replace "
             "\"{0}\".";
    case MessageId::RefusedLabelForm: return "A label has 1 to 64 printable ASCII characters.";
    case MessageId::RefusedTooMany:
      return "{0} has as many credentials as stepup keeps for one person. Remove one first.";
    case MessageId::RefusedTicket:
      return "Refused: that is no good ticket for {0}. Ask an administrator to run: stepupctl "
             "ticket {0}";
    case MessageId::RefusedLastCredential:
      return "The last second factor can be removed only by root. To change devices run: stepupctl "
             "enroll totp --replace LABEL";
    case MessageId::RefusedNotEnrolled: return "{0} has no second factor on this host.";
    case MessageId::RefusedNoTty:
      return "stepupctl verify needs a terminal: a step-up without one would count for no other "
             "command.";
    case MessageId::RefusedVerifySession:
      return "A step-up for the whole login session is not allowed here: an administrator may set "
             "verify_session = true in stepupd.conf(5).";
    case MessageId::RefusedDigits: return "A one-time code has 6, 7 or 8 digits.";
    case MessageId::RefusedSealKey:
      return "stepup cannot open its stored secrets: {0}. A recovery code still counts. An "
             "administrator finds the way out in stepupd(8), SEALING KEY AND BACKUP.";
    case MessageId::RefusedKeyTaken:
      return "This YubiKey is enrolled already. To enrol it anew, name it with --replace; to see "
             "its label run: stepupctl list";
    case MessageId::RefusedNoTouch:
      return "{0} on {1} was refused: your security key was not touched in time. Try again.";
    case MessageId::RefusedNoKey:
      return "{0} on {1} was refused: your security key was not plugged in. Plug it in and try "
             "again.";
    case MessageId::RefusedOtherKey:
      return "{0} on {1} was refused: the security key that is plugged in is not enrolled for you. "
             "To see yours run: stepupctl list";
    case MessageId::RefusedKeyBusy:
      return "{0} on {1} was refused: your security key is in use by {2}. Close that and try "
             "again.";
    case MessageId::RefusedKeyUnplugged:
      return "{0} on {1} was refused: your security key was unplugged. Plug it in and try again.";
    case MessageId::RefusedPinBlocked:
      return "The PIN of your security key is blocked. Use another key, or empty this one with "
             "\"fido2-token -R\" and ask an administrator to enrol it anew.";
    case MessageId::RefusedPinSoftBlocked:
      return "Too many wrong PINs. Unplug your security key, plug it in again, and try again.";
    case MessageId::RefusedPinNearlyBlocked:
      return "Your security key has at most three PIN tries left, which stepup does not spend. "
             "Type the right PIN elsewhere first, for example with: fido2-token -L -r";
    case MessageId::RefusedPinNotSet:
      return "This needs the PIN or the fingerprint of your security key, and it has none. To set "
             "a PIN run: fido2-token -S";
    case MessageId::RefusedUvBlocked:
      return "Your security key does not take fingerprints any more. Unplug it, plug it in again, "
             "and try again.";
    case MessageId::RefusedKeyFailed:
      return "{0} on {1} was refused: your security key did not prove itself. Try again, or let an "
             "administrator look at: journalctl -u stepupd";
    case MessageId::RefusedClone:
      return "Refused: the counter of this security key went backwards, so there may be a copy of "
             "it. Tell an administrator of {0}.";
    case MessageId::RefusedHelper:
      return "stepup on {0} cannot reach security keys. Ask an administrator to look at: systemctl "
             "status stepup-fido2-helper.socket";
    case MessageId::RefusedRemoteTouch:
      return "{0} on {1} needs a security key: one at {1}, when you sit there, or at your end of "
             "ssh. See stepup-ssh-sk(7), or ask an administrator.";
    case MessageId::RefusedTouchCooldown:
      return "Too many requests for a touch went unanswered. Try again in {0t}.";
    case MessageId::RefusedKeyUnsupported: return "This security key cannot be used: {0}.";
    case MessageId::RefusedModel:
      return "Security keys of this model ({0}) are not allowed here. Ask an administrator which "
             "are.";
    case MessageId::RefusedKeyExcluded:
      return "This security key is enrolled already. To see its label run: stepupctl list";
    case MessageId::RefusedDeclared:
      return "stepup on {0} cannot read the security keys that are declared for you. Ask an "
             "administrator to look at: journalctl -u stepupd";
    case MessageId::RefusedImport:
      return "Nothing was imported. Correct what is named, or take it out of the file, and try "
             "again.";
    case MessageId::RefusedNoAgent:
      return "{0} on {1} needs a security key, and your ssh connection offers none. Connect with "
             "ssh -A and a key in your agent; see stepup-ssh-sk(7).";
    case MessageId::RefusedAgentOtherKeys:
      return "{0} on {1} was refused: your ssh agent holds no security key that is enrolled for "
             "you. To see yours run: stepupctl list";
    case MessageId::RefusedAgent:
      return "{0} on {1} was refused: your ssh agent refused at once. Is the key plugged in, and "
             "not tied to other hosts (ssh-add -h)? See stepup-ssh-sk(7).";
    case MessageId::RefusedAgentBroken:
      return "{0} on {1} was refused: your ssh agent does not answer as an agent does.";
    case MessageId::RefusedAgentUv:
      return "{0} on {1} was refused: your security key signed without PIN or fingerprint. Make "
             "its ssh key with: ssh-keygen -O verify-required";
    case MessageId::RefusedAgentElsewhere:
      return "{0} needs a touch of your security key, which only sudo can ask for over ssh. Run "
             "first, and this within five minutes: sudo -v";
    case MessageId::RefusedEnrollRemote:
      return "A security key can be enrolled only at {0} itself, where it is plugged in; you are "
             "connected from elsewhere.";
    case MessageId::RefusedNoTerminal:
      return "{0} on {1} needs a second factor, and there is no terminal to ask on. Run this "
             "first, with ControlMaster of ssh_config(5): ssh -t {1} true";
    case MessageId::RefusedFirstFactor:
      return "{0} on {1} asks for a code only after a key or a password; see sshd_config(5): "
             "AuthenticationMethods publickey,keyboard-interactive:pam";
    case MessageId::RefusedRevoked:
      return "{0} on {1} was refused: it was revoked while it waited. Try again.";

    case MessageId::DaemonAbsent:
      return "stepupd does not answer at {0}: {1}. An administrator finds the way out in "
             "pam_stepup(8), RECOVERY.";
    case MessageId::DaemonSilent:
      return "stepupd at {0} does not answer in time. An administrator finds the way out in "
             "pam_stepup(8), RECOVERY.";
    case MessageId::DaemonLeft:
      return "stepupd at {0} stopped before it decided. Try again; if it stays so, an "
             "administrator finds the way out in pam_stepup(8), RECOVERY.";
    case MessageId::DaemonVersion:
      return "This is stepup protocol {0}, but stepupd speaks {1} to {2}. An administrator should "
             "install libpam-stepup and stepupd of one version.";
    case MessageId::DaemonNonsense:
      return "What answers at {0} does not speak stepup's protocol. An administrator finds the way "
             "out in pam_stepup(8), RECOVERY.";
    case MessageId::BadOption:
      return "stepup does not know the option \"{0}\" in /etc/pam.d or sudo.conf, so it refuses. "
             "An administrator should correct that line; see pam_stepup(8).";
    case MessageId::InternalError:
      return "stepup failed inside and refuses. Ask an administrator to look at: journalctl --grep "
             "stepup";
  }
  return "";
}

}  // namespace stepup::wire
