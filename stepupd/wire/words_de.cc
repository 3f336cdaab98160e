// SPDX-License-Identifier: ISC
#include "stepupd/wire/languages.h"

namespace stepup::wire {

std::string_view german(MessageId id) noexcept {
  switch (id) {  // no default: a new id must not compile without words
    case MessageId::None: return "";

    case MessageId::PromptOtp: return "Einmalcode für {0}@{1} ({2}): ";
    case MessageId::PromptOtpSession:
      return "Einmalcode für {0}@{1} (für die ganze Anmeldesitzung {2}): ";
    case MessageId::PromptTicket: return "Registrierungsticket: ";
    case MessageId::PromptNewCode: return "Code, den das neue Gerät anzeigt: ";
    case MessageId::PromptRecoveryBack:
      return "Geben Sie einen dieser Wiederherstellungscodes ein: ";
    case MessageId::PromptPrivateId:
      return "Private Kennung, die der YubiKey enthält (12 hexadezimale Ziffern): ";
    case MessageId::PromptAesKey:
      return "AES-Schlüssel, den er enthält (32 hexadezimale Ziffern): ";
    case MessageId::PromptNewYubiKey:
      return "Berühren Sie den YubiKey, damit er einen Code eingibt: ";

    case MessageId::PromptTouchOrOtp:
      return "Berühren Sie Ihren Sicherheitsschlüssel und drücken Sie Enter, oder geben Sie einen "
             "Einmalcode ein, für {0}@{1} ({2}) [{3}]: ";
    case MessageId::PromptPin:
      return "PIN Ihres Sicherheitsschlüssels (verbleibende Versuche: {0}): ";
    case MessageId::PromptPinOrOtp:
      return "PIN Ihres Sicherheitsschlüssels (verbleibende Versuche: {0}), oder Enter für einen "
             "Einmalcode: ";

    case MessageId::WrongCode: return "Dieser Code ist falsch.";
    case MessageId::WrongCodeLostDevice:
      return "Dieser Code ist falsch. Gerät verloren? Geben Sie einen Wiederherstellungscode ein.";
    case MessageId::CodeAlreadyUsed:
      return "Dieser Code wurde schon benutzt. Warten Sie, bis Ihr Gerät den nächsten anzeigt.";
    case MessageId::PressedCodeUsed:
      return "Dieser Code wurde schon benutzt. Drücken Sie die Taste Ihres Geräts noch einmal, für "
             "einen neuen.";
    case MessageId::RecoveryCodeSpent:
      return "Dieser Wiederherstellungscode wurde schon benutzt, und jeder gilt nur einmal. Geben "
             "Sie einen anderen ein.";
    case MessageId::NotACode:
      return "Das ist kein Code: Geben Sie ein, was Ihr Gerät anzeigt, oder einen "
             "Wiederherstellungscode.";
    case MessageId::WrongTicket: return "Dieses Ticket ist falsch oder gilt nicht mehr.";
    case MessageId::CredentialAdded:
      return "Hinweis: \"{1}\" ({0}) wurde am {3} von {2} zu Ihrem Konto hinzugefügt. Nicht durch "
             "Sie? Sagen Sie es der Administration.";
    case MessageId::CredentialRemoved:
      return "Hinweis: \"{1}\" ({0}) wurde am {3} von {2} aus Ihrem Konto entfernt. Nicht durch "
             "Sie? Sagen Sie es der Administration.";
    case MessageId::RecoveryCodesReplaced:
      return "Hinweis: Ihre Wiederherstellungscodes wurden am {1} von {0} ersetzt. Nicht durch "
             "Sie? Sagen Sie es der Administration.";
    case MessageId::RecoveryCodeUsed:
      return "Hinweis: Am {0} wurde einer Ihrer Wiederherstellungscodes benutzt. Nicht durch Sie? "
             "Sagen Sie es der Administration.";
    case MessageId::StaleRules:
      return "stepup arbeitet mit den letzten guten Regeln weiter, denn die Dateien haben einen "
             "Fehler: {0}";
    case MessageId::FewRecoveryCodes:
      return "Sie haben nur noch wenige Wiederherstellungscodes. Neue erhalten Sie mit: {0}";
    case MessageId::NextCodeToo:
      return "Ihr Gerät ist diesem Rechner voraus. Geben Sie auch den nächsten Code ein, den es "
             "anzeigt.";
    case MessageId::OtherKeyboardLayout:
      return "Das kam von einem YubiKey, aber Ihre Tastaturbelegung hat die Buchstaben verändert. "
             "Wechseln Sie zur US-Belegung und berühren Sie ihn noch einmal.";
    case MessageId::WrongYubiKeyCode:
      return "Dieser Code entstand nicht mit diesem Geheimnis. Kurz berührt, benutzt der YubiKey "
             "seinen Speicherplatz 1, lang berührt Platz 2.";
    case MessageId::NotHex:
      return "Das ist nicht, was gefragt war: Geben Sie {0} Zeichen aus 0-9 und a-f ein.";
    case MessageId::TouchKey:
      return "Berühren Sie Ihren Sicherheitsschlüssel für {0}@{1} ({2}) [{3}].";
    case MessageId::TouchFinger:
      return "Berühren Sie den Fingerabdruckleser Ihres Sicherheitsschlüssels für {0}@{1} ({2}) "
             "[{3}].";
    case MessageId::PlugInKey:
      return "Stecken Sie Ihren Sicherheitsschlüssel ein und berühren Sie ihn für {0}@{1} ({2}) "
             "[{3}].";
    case MessageId::TouchNow:
      return "Noch keine Berührung. Berühren Sie jetzt Ihren Sicherheitsschlüssel.";
    case MessageId::SelectKey:
      return "Mehrere Sicherheitsschlüssel sind eingesteckt. Berühren Sie den, den Sie benutzen "
             "wollen.";
    case MessageId::EnrollTouch:
      return "Berühren Sie den Sicherheitsschlüssel, den Sie registrieren wollen.";
    case MessageId::EnrollPlugIn:
      return "Stecken Sie den Sicherheitsschlüssel ein, den Sie registrieren wollen.";
    case MessageId::KeyAbsent: return "Ihr Sicherheitsschlüssel ist nicht eingesteckt.";
    case MessageId::KeyOther:
      return "Der eingesteckte Sicherheitsschlüssel ist nicht für Sie registriert.";
    case MessageId::KeyBusy: return "Ihr Sicherheitsschlüssel wird gerade benutzt, von {0}.";
    case MessageId::TouchQueued:
      return "Ihr Sicherheitsschlüssel wird zuerst für eine andere Anfrage von Ihnen gebraucht: "
             "{0} [{1}]. Beantworten Sie diese, oder brechen Sie sie ab.";
    case MessageId::WrongPin: return "Diese PIN ist falsch.";
    case MessageId::FingerNotRecognised: return "Ihr Fingerabdruck wurde nicht erkannt.";
    case MessageId::TouchCooldown:
      return "Zu viele Bitten um eine Berührung blieben unbeantwortet. Ihr Sicherheitsschlüssel "
             "ruht deshalb noch {0t}.";
    case MessageId::AgentTouch:
      return "Berühren Sie den Sicherheitsschlüssel an Ihrem Ende von ssh für {0}@{1} ({2}) [{3}].";
    case MessageId::AgentAbsent: return "Ihre ssh-Verbindung bietet keinen Sicherheitsschlüssel.";
    case MessageId::AgentOtherKeys:
      return "Ihr ssh-Agent hat keinen Sicherheitsschlüssel, der für Sie registriert ist.";
    case MessageId::AgentRefused:
      return "Ihr ssh-Agent lehnte sofort ab, ohne um eine Berührung zu bitten; siehe "
             "stepup-ssh-sk(7).";
    case MessageId::AgentBroken: return "Ihr ssh-Agent antwortet nicht wie ein Agent.";
    case MessageId::AgentNotTouched:
      return "Der Sicherheitsschlüssel an Ihrem Ende von ssh wurde nicht berührt.";
    case MessageId::EnrollReminder:
      return "Sie haben auf {0} noch keinen zweiten Faktor und brauchen nach dem {1} einen. Bitten "
             "Sie um ein Ticket, und rufen Sie auf: stepupctl enroll totp";

    case MessageId::Refused: return "{0} auf {1} wurde verweigert.";
    case MessageId::RefusedWrongCode:
      return "{0} auf {1} wurde verweigert: Es wurde kein richtiger Code eingegeben.";
    case MessageId::RefusedWrongClock:
      return "{0} auf {1} wurde verweigert: kein richtiger Code. Die Uhr hier ist nicht synchron, "
             "was Codes verfälscht; die Administration prüft mit: timedatectl";
    case MessageId::RefusedClockImplausible:
      return "Die Uhr von {0} zeigt {1}, früher als der letzte Code oder stepup selbst. "
             "Nehmen Sie einen Wiederherstellungscode, oder lassen Sie die Uhr prüfen.";
    case MessageId::RefusedCancelled:
      return "{0} auf {1} wurde verweigert: Es wurde kein Code eingegeben.";
    case MessageId::RefusedEnrollCancelled:
      return "Die Registrierung wurde abgebrochen. Nichts wurde geändert.";
    case MessageId::RefusedTimedOut:
      return "{0} auf {1} wurde verweigert: keine Antwort innerhalb von 60 Sekunden. Versuchen Sie "
             "es noch einmal.";
    case MessageId::RefusedNoConversation:
      return "{0} auf {1} verlangt einen zweiten Faktor und kann hier nicht danach fragen. Rufen "
             "Sie in dieser Sitzung zuerst auf: stepupctl verify";
    case MessageId::RefusedUnenrolled:
      return "Sie haben auf {0} keinen zweiten Faktor. Bitten Sie die Administration um ein "
             "Ticket, und rufen Sie dann auf: stepupctl enroll totp";
    case MessageId::RefusedLevel:
      return "{0} auf {1} verlangt einen Faktor der Stufe \"{2}\", und Sie haben keinen "
             "registriert. Fragen Sie die Administration.";
    case MessageId::RefusedFactorKind:
      return "{0} auf {1} verlangt einen dieser Faktoren, und Sie haben keinen davon registriert: "
             "{2}. Fragen Sie die Administration.";
    case MessageId::RefusedByRule: return "{0} auf {1} ist nicht erlaubt: {2w}";
    case MessageId::RefusedNoFactorCounts:
      return "{0} auf {1} wurde verweigert: Zusammen lassen die Regeln keinen Faktor zu. Bitten "
             "Sie die Administration um: stepupctl status";
    case MessageId::RefusedLockedOut:
      return "Zu viele falsche Codes. Versuchen Sie es in {0t} noch einmal.";
    case MessageId::RefusedOwnerMismatch:
      return "Der zweite Faktor von uid {0} gehört \"{1}\", aber uid {0} ist jetzt \"{2}\". Bitten "
             "Sie die Administration um: stepupctl reset {2}";
    case MessageId::RefusedStorage:
      return "stepup auf {0} kann benutzte Codes nicht festhalten und nimmt darum keine an. Die "
             "Administration findet die Ursache mit: journalctl -u stepupd";
    case MessageId::RefusedNoRules:
      return "stepup hat keine Regeln, die es lesen kann: {0}. Bitten Sie die Administration um: "
             "stepupctl config check";
    case MessageId::RefusedBusy:
      return "stepup auf {0} hat gerade zu viele Anfragen. Versuchen Sie es gleich noch einmal.";
    case MessageId::RefusedIdentity:
      return "{0} auf {1} wurde verweigert: stepupd kann nicht feststellen, wer fragt. Bitten Sie "
             "die Administration um einen Blick in: journalctl -u stepupd";
    case MessageId::RefusedNamespace:
      return "stepup auf {0} bedient keine Prozesse eines Containers.";
    case MessageId::RefusedOtherUser: return "Nur root darf das für jemand anderen tun.";
    case MessageId::RefusedRights: return "Nur root darf aufrufen: {0}";
    case MessageId::RefusedUnknownUser:
      return "Auf diesem Rechner gibt es niemanden mit dem Namen \"{0}\".";
    case MessageId::RefusedNoSuchLabel:
      return "{1} hat keinen Faktor mit der Bezeichnung \"{0}\". Eine Liste zeigt: stepupctl list";
    case MessageId::RefusedLabelTaken:
      return "{1} hat schon einen Faktor mit der Bezeichnung \"{0}\". Geben Sie mit --label eine "
             "andere an, oder ersetzen Sie ihn mit --replace \"{0}\".";
    case MessageId::RefusedLabelForm:
      return "Eine Bezeichnung hat 1 bis 64 druckbare ASCII-Zeichen.";
    case MessageId::RefusedTooMany:
      return "{0} hat so viele Faktoren, wie stepup für eine Person aufbewahrt. Entfernen Sie "
             "zuerst einen.";
    case MessageId::RefusedTicket:
      return "Verweigert: Das ist kein gültiges Ticket für {0}. Bitten Sie die Administration um: "
             "stepupctl ticket {0}";
    case MessageId::RefusedLastCredential:
      return "Den letzten zweiten Faktor kann nur root entfernen. Ein Gerät ersetzen Sie mit: "
             "stepupctl enroll totp --replace BEZEICHNUNG";
    case MessageId::RefusedNotEnrolled: return "{0} hat auf diesem Rechner keinen zweiten Faktor.";
    case MessageId::RefusedNoTty:
      return "stepupctl verify braucht ein Terminal: Ohne eines würde der Nachweis für keinen "
             "anderen Befehl gelten.";
    case MessageId::RefusedVerifySession:
      return "Ein Nachweis für die ganze Anmeldesitzung ist hier nicht erlaubt; die Administration "
             "kann verify_session = true setzen, siehe stepupd.conf(5).";
    case MessageId::RefusedDigits: return "Ein Einmalcode hat 6, 7 oder 8 Ziffern.";
    case MessageId::RefusedSealKey:
      return "stepup kann seine Geheimnisse nicht öffnen: {0}. Ein Wiederherstellungscode "
             "gilt noch. Ausweg für die Administration: stepupd(8), SEALING KEY AND "
             "BACKUP.";
    case MessageId::RefusedKeyTaken:
      return "Dieser YubiKey ist schon registriert. Um ihn neu zu registrieren, nennen Sie seine "
             "Bezeichnung mit --replace; sie steht in: stepupctl list";
    case MessageId::RefusedNoTouch:
      return "{0} auf {1} wurde verweigert: Ihr Sicherheitsschlüssel wurde nicht rechtzeitig "
             "berührt. Versuchen Sie es noch einmal.";
    case MessageId::RefusedNoKey:
      return "{0} auf {1} wurde verweigert: Ihr Sicherheitsschlüssel war nicht eingesteckt. "
             "Stecken Sie ihn ein und versuchen Sie es noch einmal.";
    case MessageId::RefusedOtherKey:
      return "{0} auf {1} wurde verweigert: Der eingesteckte Sicherheitsschlüssel ist nicht für "
             "Sie registriert. Ihre zeigt: stepupctl list";
    case MessageId::RefusedKeyBusy:
      return "{0} auf {1} wurde verweigert: Ihr Sicherheitsschlüssel wird benutzt, von {2}. "
             "Beenden Sie das und versuchen Sie es noch einmal.";
    case MessageId::RefusedKeyUnplugged:
      return "{0} auf {1} wurde verweigert: Ihr Sicherheitsschlüssel wurde abgezogen. Stecken Sie "
             "ihn ein und versuchen Sie es noch einmal.";
    case MessageId::RefusedPinBlocked:
      return "Die PIN Ihres Sicherheitsschlüssels ist gesperrt. Nehmen Sie einen anderen, oder "
             "leeren Sie ihn (fido2-token -R) und lassen Sie ihn neu registrieren.";
    case MessageId::RefusedPinSoftBlocked:
      return "Zu viele falsche PINs. Ziehen Sie Ihren Sicherheitsschlüssel ab, stecken Sie ihn "
             "wieder ein, und versuchen Sie es noch einmal.";
    case MessageId::RefusedPinNearlyBlocked:
      return "Ihr Sicherheitsschlüssel hat höchstens drei PIN-Versuche übrig, und stepup "
             "verbraucht sie nicht. Geben Sie die PIN erst anderswo ein: fido2-token -L -r";
    case MessageId::RefusedPinNotSet:
      return "Das verlangt PIN oder Fingerabdruck Ihres Sicherheitsschlüssels, und er hat weder "
             "noch. Eine PIN setzen Sie mit: fido2-token -S";
    case MessageId::RefusedUvBlocked:
      return "Ihr Sicherheitsschlüssel nimmt keine Fingerabdrücke mehr an. Ziehen Sie ihn ab, "
             "stecken Sie ihn wieder ein, und versuchen Sie es noch einmal.";
    case MessageId::RefusedKeyFailed:
      return "{0} auf {1} wurde verweigert: Ihr Sicherheitsschlüssel wies sich nicht aus. Noch "
             "einmal, oder die Administration sucht mit: journalctl -u stepupd";
    case MessageId::RefusedClone:
      return "Verweigert: Der Zähler dieses Sicherheitsschlüssels lief rückwärts, also gibt es "
             "vielleicht eine Kopie. Sagen Sie es der Administration von {0}.";
    case MessageId::RefusedHelper:
      return "stepup auf {0} erreicht keine Sicherheitsschlüssel. Bitten Sie die Administration "
             "um: systemctl status stepup-fido2-helper.socket";
    case MessageId::RefusedRemoteTouch:
      return "{0} auf {1} braucht einen Sicherheitsschlüssel: an {1} oder an Ihrem Ende von ssh. "
             "Siehe stepup-ssh-sk(7), oder fragen Sie die Administration.";
    case MessageId::RefusedTouchCooldown:
      return "Zu viele Bitten um eine Berührung blieben unbeantwortet. Versuchen Sie es in {0t} "
             "noch einmal.";
    case MessageId::RefusedKeyUnsupported:
      return "Dieser Sicherheitsschlüssel kann nicht benutzt werden: {0}.";
    case MessageId::RefusedModel:
      return "Sicherheitsschlüssel dieses Modells ({0}) sind hier nicht erlaubt. Fragen Sie die "
             "Administration, welche es sind.";
    case MessageId::RefusedKeyExcluded:
      return "Dieser Sicherheitsschlüssel ist schon registriert. Seine Bezeichnung zeigt: "
             "stepupctl list";
    case MessageId::RefusedDeclared:
      return "stepup auf {0} kann die für Sie hinterlegten Sicherheitsschlüssel nicht lesen. "
             "Bitten Sie die Administration um einen Blick in: journalctl -u stepupd";
    case MessageId::RefusedImport:
      return "Nichts wurde eingelesen. Berichtigen Sie das Genannte, oder nehmen Sie es aus der "
             "Datei, und versuchen Sie es noch einmal.";
    case MessageId::RefusedNoAgent:
      return "{0} auf {1} braucht einen Sicherheitsschlüssel, und Ihre ssh-Verbindung bietet "
             "keinen. Verbinden Sie sich mit ssh -A; siehe stepup-ssh-sk(7).";
    case MessageId::RefusedAgentOtherKeys:
      return "{0} auf {1} wurde abgelehnt: Ihr ssh-Agent hat keinen Sicherheitsschlüssel, der für "
             "Sie registriert ist. Ihre zeigt: stepupctl list";
    case MessageId::RefusedAgent:
      return "{0} auf {1} lehnte Ihr ssh-Agent sofort ab. Steckt der Schlüssel? Ist er an andere "
             "Rechner gebunden (ssh-add -h)? Siehe stepup-ssh-sk(7).";
    case MessageId::RefusedAgentBroken:
      return "{0} auf {1} wurde abgelehnt: Ihr ssh-Agent antwortet nicht wie ein Agent.";
    case MessageId::RefusedAgentUv:
      return "{0} auf {1} wurde abgelehnt: Ihr Schlüssel unterschrieb ohne PIN oder Fingerabdruck. "
             "Erzeugen Sie ihn mit: ssh-keygen -O verify-required";
    case MessageId::RefusedAgentElsewhere:
      return "{0} braucht eine Berührung Ihres Sicherheitsschlüssels, um die über ssh nur sudo "
             "bitten kann. Davor, und dies binnen fünf Minuten: sudo -v";
    case MessageId::RefusedEnrollRemote:
      return "Ein Sicherheitsschlüssel wird an {0} selbst registriert, wo er eingesteckt ist; Sie "
             "sind von anderswo verbunden.";
    case MessageId::RefusedNoTerminal:
      return "{0} auf {1} verlangt einen zweiten Faktor, und es fehlt ein Terminal. Rufen Sie "
             "zuerst auf, mit ControlMaster aus ssh_config(5): ssh -t {1} true";
    case MessageId::RefusedFirstFactor:
      return "{0} auf {1} will zuerst einen Schlüssel oder ein Passwort, siehe sshd_config(5): "
             "AuthenticationMethods publickey,keyboard-interactive:pam";
    case MessageId::RefusedRevoked:
      return "{0} auf {1} wurde verweigert: Es wurde während des Wartens widerrufen. Versuchen Sie "
             "es noch einmal.";

    case MessageId::DaemonAbsent:
      return "stepupd antwortet nicht unter {0}: {1}. Den Ausweg findet die Administration in "
             "pam_stepup(8), RECOVERY.";
    case MessageId::DaemonSilent:
      return "stepupd unter {0} antwortet nicht rechtzeitig. Den Ausweg findet die Administration "
             "in pam_stepup(8), RECOVERY.";
    case MessageId::DaemonLeft:
      return "stepupd unter {0} hörte auf, bevor es entschied. Versuchen Sie es noch einmal; den "
             "Ausweg findet die Administration in pam_stepup(8), RECOVERY.";
    case MessageId::DaemonVersion:
      return "Hier spricht stepup Protokoll {0}, stepupd aber {1} bis {2}. Die Administration muss "
             "libpam-stepup und stepupd in einer Version installieren.";
    case MessageId::DaemonNonsense:
      return "Was unter {0} antwortet, spricht nicht das Protokoll von stepup. Den Ausweg findet "
             "die Administration in pam_stepup(8), RECOVERY.";
    case MessageId::BadOption:
      return "stepup kennt die Option \"{0}\" in /etc/pam.d oder sudo.conf nicht und verweigert "
             "darum. Die Administration muss sie berichtigen; siehe pam_stepup(8).";
    case MessageId::InternalError:
      return "stepup hat einen inneren Fehler und verweigert. Bitten Sie die Administration um "
             "einen Blick in: journalctl --grep stepup";
  }
  return "";
}

}  // namespace stepup::wire
