// SPDX-License-Identifier: ISC
#include "stepupd/wire/languages.h"

namespace stepup::wire {

std::string_view french(MessageId id) noexcept {
  switch (id) {  // no default: a new id must not compile without words
    case MessageId::None: return "";

    case MessageId::PromptOtp: return "Code à usage unique pour {0}@{1} ({2}) : ";
    case MessageId::PromptOtpSession:
      return "Code à usage unique pour {0}@{1} (pour toute la session de connexion {2}) : ";
    case MessageId::PromptTicket: return "Ticket d'enregistrement : ";
    case MessageId::PromptNewCode: return "Code affiché par le nouvel appareil : ";
    case MessageId::PromptRecoveryBack: return "Tapez l'un de ces codes de secours : ";
    case MessageId::PromptPrivateId:
      return "Identifiant privé que contient la YubiKey (12 chiffres hexadécimaux) : ";
    case MessageId::PromptAesKey: return "Clé AES qu'elle contient (32 chiffres hexadécimaux) : ";
    case MessageId::PromptNewYubiKey: return "Touchez la YubiKey, pour qu'elle tape un code : ";

    case MessageId::PromptTouchOrOtp:
      return "Touchez votre clé de sécurité puis tapez Entrée, ou tapez un code à usage unique, "
             "pour {0}@{1} ({2}) [{3}] : ";
    case MessageId::PromptPin:
      return "Code PIN de votre clé de sécurité (essais restants : {0}) : ";
    case MessageId::PromptPinOrOtp:
      return "Code PIN de votre clé de sécurité (essais restants : {0}), ou Entrée pour un code à "
             "usage unique : ";

    case MessageId::WrongCode: return "Ce code est faux.";
    case MessageId::WrongCodeLostDevice:
      return "Ce code est faux. Vous avez perdu votre appareil ? Tapez un code de secours.";
    case MessageId::CodeAlreadyUsed:
      return "Ce code a déjà servi. Attendez que votre appareil affiche le suivant.";
    case MessageId::PressedCodeUsed:
      return "Ce code a déjà servi. Appuyez encore sur le bouton de votre appareil, pour un "
             "nouveau code.";
    case MessageId::RecoveryCodeSpent:
      return "Ce code de secours a déjà servi, et chacun ne sert qu'une fois. Tapez-en un autre.";
    case MessageId::NotACode:
      return "Ce n'est pas un code : tapez ce qu'affiche votre appareil, ou un code de secours.";
    case MessageId::WrongTicket: return "Ce ticket est faux ou n'est plus valable.";
    case MessageId::CredentialAdded:
      return "Avis : \"{1}\" ({0}) a été ajouté à votre compte par {2} le {3}. Ce n'était pas vous "
             "? Prévenez un administrateur.";
    case MessageId::CredentialRemoved:
      return "Avis : \"{1}\" ({0}) a été retiré de votre compte par {2} le {3}. Ce n'était pas "
             "vous ? Prévenez un administrateur.";
    case MessageId::RecoveryCodesReplaced:
      return "Avis : vos codes de secours ont été remplacés par {0} le {1}. Ce n'était pas vous ? "
             "Prévenez un administrateur.";
    case MessageId::RecoveryCodeUsed:
      return "Avis : un de vos codes de secours a servi le {0}. Ce n'était pas vous ? Prévenez un "
             "administrateur.";
    case MessageId::StaleRules:
      return "stepup continue avec ses dernières bonnes règles, car les fichiers contiennent une "
             "erreur : {0}";
    case MessageId::FewRecoveryCodes:
      return "Il vous reste peu de codes de secours. Pour en créer de nouveaux, lancez : {0}";
    case MessageId::NextCodeToo:
      return "Votre appareil est en avance sur cette machine. Tapez aussi le code suivant qu'il "
             "affiche.";
    case MessageId::OtherKeyboardLayout:
      return "Cela vient d'une YubiKey, mais la disposition de votre clavier a changé ses lettres. "
             "Passez à la disposition US et touchez-la de nouveau.";
    case MessageId::WrongYubiKeyCode:
      return "Ce code n'a pas été fait avec ce secret. Un appui court utilise l'emplacement 1 de "
             "la YubiKey, un appui long l'emplacement 2.";
    case MessageId::NotHex:
      return "Ce n'est pas ce qui est demandé : tapez {0} caractères parmi 0-9 et a-f.";
    case MessageId::TouchKey: return "Touchez votre clé de sécurité pour {0}@{1} ({2}) [{3}].";
    case MessageId::TouchFinger:
      return "Touchez le lecteur d'empreintes de votre clé de sécurité pour {0}@{1} ({2}) [{3}].";
    case MessageId::PlugInKey:
      return "Branchez votre clé de sécurité et touchez-la pour {0}@{1} ({2}) [{3}].";
    case MessageId::TouchNow:
      return "La clé n'a pas encore été touchée. Touchez votre clé de sécurité maintenant.";
    case MessageId::SelectKey:
      return "Plusieurs clés de sécurité sont branchées. Touchez celle que vous voulez utiliser.";
    case MessageId::EnrollTouch: return "Touchez la clé de sécurité que vous voulez enregistrer.";
    case MessageId::EnrollPlugIn: return "Branchez la clé de sécurité que vous voulez enregistrer.";
    case MessageId::KeyAbsent: return "Votre clé de sécurité n'est pas branchée.";
    case MessageId::KeyOther: return "La clé de sécurité branchée n'est pas enregistrée pour vous.";
    case MessageId::KeyBusy: return "Votre clé de sécurité est utilisée par {0}.";
    case MessageId::TouchQueued:
      return "Votre clé de sécurité sert d'abord à une autre de vos demandes : {0} [{1}]. Répondez "
             "à celle-ci, ou annulez-la.";
    case MessageId::WrongPin: return "Ce code PIN est faux.";
    case MessageId::FingerNotRecognised: return "Votre empreinte n'a pas été reconnue.";
    case MessageId::TouchCooldown:
      return "Trop de demandes de toucher la clé sont restées sans réponse : elle n'est plus "
             "demandée pendant {0t}.";
    case MessageId::AgentTouch:
      return "Touchez la clé de sécurité de votre côté de ssh pour {0}@{1} ({2}) [{3}].";
    case MessageId::AgentAbsent: return "Votre connexion ssh n'offre aucune clé de sécurité.";
    case MessageId::AgentOtherKeys:
      return "Votre agent ssh ne contient aucune clé de sécurité enregistrée pour vous.";
    case MessageId::AgentRefused:
      return "Votre agent ssh a refusé aussitôt, sans demander de toucher la clé ; voir "
             "stepup-ssh-sk(7).";
    case MessageId::AgentBroken: return "Votre agent ssh ne répond pas comme un agent.";
    case MessageId::AgentNotTouched:
      return "La clé de sécurité de votre côté de ssh n'a pas été touchée.";
    case MessageId::EnrollReminder:
      return "Vous n'avez pas encore de second facteur sur {0}, et il vous en faut un après le "
             "{1}. Demandez un ticket, puis lancez : stepupctl enroll totp";

    case MessageId::Refused: return "{0} sur {1} a été refusé.";
    case MessageId::RefusedWrongCode:
      return "{0} sur {1} a été refusé : aucun code juste n'a été donné.";
    case MessageId::RefusedWrongClock:
      return "{0} sur {1} a été refusé : aucun code juste. Ici l'horloge n'est pas synchronisée et "
             "fausse les codes ; un administrateur peut lancer : timedatectl";
    case MessageId::RefusedClockImplausible:
      return "L'horloge de {0} indique {1}, avant le dernier code ou stepup même. Tapez un "
             "code de secours, ou faites vérifier l'horloge.";
    case MessageId::RefusedCancelled: return "{0} sur {1} a été refusé : aucun code n'a été donné.";
    case MessageId::RefusedEnrollCancelled:
      return "L'enregistrement a été annulé. Rien n'a changé.";
    case MessageId::RefusedTimedOut:
      return "{0} sur {1} a été refusé : pas de réponse en 60 secondes. Recommencez.";
    case MessageId::RefusedNoConversation:
      return "{0} sur {1} exige un second facteur et ne peut pas le demander ici. Lancez d'abord "
             "dans cette session : stepupctl verify";
    case MessageId::RefusedUnenrolled:
      return "Vous n'avez pas de second facteur sur {0}. Demandez un ticket à un administrateur, "
             "puis lancez : stepupctl enroll totp";
    case MessageId::RefusedLevel:
      return "{0} sur {1} exige un facteur de niveau \"{2}\", et vous n'en avez enregistré aucun. "
             "Adressez-vous à un administrateur.";
    case MessageId::RefusedFactorKind:
      return "{0} sur {1} exige l'un de ces facteurs, et vous n'en avez enregistré aucun : {2}. "
             "Adressez-vous à un administrateur.";
    case MessageId::RefusedByRule: return "{0} sur {1} n'est pas permis : {2w}";
    case MessageId::RefusedNoFactorCounts:
      return "{0} sur {1} a été refusé : ensemble, les règles n'admettent aucun facteur. Demandez "
             "à un administrateur de lancer : stepupctl status";
    case MessageId::RefusedLockedOut: return "Trop de codes faux. Recommencez dans {0t}.";
    case MessageId::RefusedOwnerMismatch:
      return "Le second facteur de l'uid {0} appartient à \"{1}\", mais l'uid {0} est à \"{2}\". "
             "Un administrateur peut lancer : stepupctl reset {2}";
    case MessageId::RefusedStorage:
      return "stepup sur {0} ne peut pas noter qu'un code a servi, donc n'en accepte aucun. Un "
             "administrateur trouvera la cause avec : journalctl -u stepupd";
    case MessageId::RefusedNoRules:
      return "stepup n'a pas de règles lisibles : {0}. Demandez à un administrateur de lancer : "
             "stepupctl config check";
    case MessageId::RefusedBusy:
      return "stepup sur {0} a trop de demandes à la fois. Recommencez dans un instant.";
    case MessageId::RefusedIdentity:
      return "{0} sur {1} a été refusé : stepupd ne peut pas dire qui demande. Demandez à un "
             "administrateur de voir : journalctl -u stepupd";
    case MessageId::RefusedNamespace:
      return "stepup sur {0} ne sert pas les processus d'un conteneur.";
    case MessageId::RefusedOtherUser: return "Seul root peut le faire pour quelqu'un d'autre.";
    case MessageId::RefusedRights: return "Seul root peut lancer : {0}";
    case MessageId::RefusedUnknownUser:
      return "Il n'y a pas d'utilisateur \"{0}\" sur cette machine.";
    case MessageId::RefusedNoSuchLabel:
      return "{1} n'a pas de facteur nommé \"{0}\". Pour en voir la liste, lancez : stepupctl list";
    case MessageId::RefusedLabelTaken:
      return "{1} a déjà un facteur nommé \"{0}\". Choisissez un autre nom avec --label, ou "
             "utilisez --replace \"{0}\".";
    case MessageId::RefusedLabelForm:
      return "Un nom de facteur a de 1 à 64 caractères ASCII imprimables.";
    case MessageId::RefusedTooMany:
      return "{0} a autant de facteurs que stepup en garde pour une personne. Retirez-en un "
             "d'abord.";
    case MessageId::RefusedTicket:
      return "Refusé : ce n'est pas un ticket valable pour {0}. Demandez à un administrateur de "
             "lancer : stepupctl ticket {0}";
    case MessageId::RefusedLastCredential:
      return "Seul root peut retirer le dernier second facteur. Pour changer d'appareil, lancez : "
             "stepupctl enroll totp --replace NOM";
    case MessageId::RefusedNotEnrolled: return "{0} n'a pas de second facteur sur cette machine.";
    case MessageId::RefusedNoTty:
      return "stepupctl verify a besoin d'un terminal : sans terminal, la preuve ne vaudrait pour "
             "aucune autre commande.";
    case MessageId::RefusedVerifySession:
      return "Une preuve pour toute la session n'est pas permise ici ; un administrateur peut "
             "écrire verify_session = true dans stepupd.conf(5).";
    case MessageId::RefusedDigits: return "Un code à usage unique a 6, 7 ou 8 chiffres.";
    case MessageId::RefusedSealKey:
      return "stepup ne peut pas ouvrir ses secrets : {0}. Un code de secours compte "
             "toujours. Pour l'administrateur : stepupd(8), SEALING KEY AND BACKUP.";
    case MessageId::RefusedKeyTaken:
      return "Cette YubiKey est déjà enregistrée. Pour l'enregistrer de nouveau, donnez son nom "
             "avec --replace ; il est dans : stepupctl list";
    case MessageId::RefusedNoTouch:
      return "{0} sur {1} a été refusé : votre clé de sécurité n'a pas été touchée à temps. "
             "Recommencez.";
    case MessageId::RefusedNoKey:
      return "{0} sur {1} a été refusé : votre clé de sécurité n'était pas branchée. Branchez-la "
             "et recommencez.";
    case MessageId::RefusedOtherKey:
      return "{0} sur {1} a été refusé : la clé de sécurité branchée n'est pas enregistrée pour "
             "vous. Pour voir les vôtres : stepupctl list";
    case MessageId::RefusedKeyBusy:
      return "{0} sur {1} a été refusé : votre clé de sécurité est utilisée par {2}. Fermez-le et "
             "recommencez.";
    case MessageId::RefusedKeyUnplugged:
      return "{0} sur {1} a été refusé : votre clé de sécurité a été débranchée. Branchez-la et "
             "recommencez.";
    case MessageId::RefusedPinBlocked:
      return "Le code PIN de votre clé de sécurité est bloqué. Prenez-en une autre, ou videz-la "
             "(fido2-token -R) et demandez à un administrateur de l'enregistrer à nouveau.";
    case MessageId::RefusedPinSoftBlocked:
      return "Trop de codes PIN faux. Débranchez votre clé de sécurité, rebranchez-la, et "
             "recommencez.";
    case MessageId::RefusedPinNearlyBlocked:
      return "Il reste au plus trois essais de PIN à votre clé de sécurité, et stepup les épargne. "
             "Donnez d'abord le bon PIN ailleurs : fido2-token -L -r";
    case MessageId::RefusedPinNotSet:
      return "Il faut le code PIN ou l'empreinte de votre clé de sécurité, et elle n'a ni l'un ni "
             "l'autre. Pour donner un PIN : fido2-token -S";
    case MessageId::RefusedUvBlocked:
      return "Votre clé de sécurité n'accepte plus les empreintes. Débranchez-la, rebranchez-la, "
             "et recommencez.";
    case MessageId::RefusedKeyFailed:
      return "{0} sur {1} a été refusé : votre clé de sécurité n'a rien prouvé. Recommencez, ou un "
             "administrateur cherche avec : journalctl -u stepupd";
    case MessageId::RefusedClone:
      return "Refusé : le compteur de cette clé de sécurité a reculé, il en existe donc peut-être "
             "une copie. Prévenez un administrateur de {0}.";
    case MessageId::RefusedHelper:
      return "stepup sur {0} n'atteint pas les clés de sécurité. Demandez à un administrateur de "
             "voir : systemctl status stepup-fido2-helper.socket";
    case MessageId::RefusedRemoteTouch:
      return "{0} sur {1} exige une clé de sécurité : sur {1} même, ou de votre côté de ssh. Voir "
             "stepup-ssh-sk(7), ou un administrateur.";
    case MessageId::RefusedTouchCooldown:
      return "Trop de demandes de toucher la clé sont restées sans réponse. Recommencez dans {0t}.";
    case MessageId::RefusedKeyUnsupported: return "Cette clé de sécurité ne peut pas servir : {0}.";
    case MessageId::RefusedModel:
      return "Les clés de sécurité de ce modèle ({0}) ne sont pas admises ici. Demandez à un "
             "administrateur lesquelles le sont.";
    case MessageId::RefusedKeyExcluded:
      return "Cette clé de sécurité est déjà enregistrée. Pour voir son nom, lancez : stepupctl "
             "list";
    case MessageId::RefusedDeclared:
      return "stepup sur {0} ne peut pas lire les clés de sécurité déclarées pour vous. Demandez à "
             "un administrateur de voir : journalctl -u stepupd";
    case MessageId::RefusedImport:
      return "Rien n'a été importé. Corrigez ce qui est indiqué, ou retirez-le du fichier, et "
             "recommencez.";
    case MessageId::RefusedNoAgent:
      return "{0} sur {1} exige une clé de sécurité, et votre connexion ssh n'en offre aucune. "
             "Connectez-vous avec ssh -A ; voir stepup-ssh-sk(7).";
    case MessageId::RefusedAgentOtherKeys:
      return "{0} sur {1} a été refusé : votre agent ssh ne contient aucune clé de sécurité "
             "enregistrée pour vous. Pour voir les vôtres : stepupctl list";
    case MessageId::RefusedAgent:
      return "{0} sur {1} a été refusé aussitôt par votre agent ssh. La clé est-elle branchée ? "
             "Liée à d'autres hôtes (ssh-add -h) ? Voir stepup-ssh-sk(7).";
    case MessageId::RefusedAgentBroken:
      return "{0} sur {1} a été refusé : votre agent ssh ne répond pas comme un agent.";
    case MessageId::RefusedAgentUv:
      return "{0} sur {1} a été refusé : votre clé de sécurité a signé sans code PIN ni empreinte. "
             "Créez sa clé ssh avec : ssh-keygen -O verify-required";
    case MessageId::RefusedAgentElsewhere:
      return "{0} exige que vous touchiez votre clé de sécurité, ce que seul sudo peut demander "
             "par ssh. Avant, puis ceci dans les cinq minutes : sudo -v";
    case MessageId::RefusedEnrollRemote:
      return "Une clé de sécurité ne s'enregistre que devant {0}, où elle est branchée ; vous êtes "
             "connecté d'ailleurs.";
    case MessageId::RefusedNoTerminal:
      return "{0} sur {1} exige un second facteur, et il manque un terminal. Lancez d'abord, avec "
             "ControlMaster de ssh_config(5) : ssh -t {1} true";
    case MessageId::RefusedFirstFactor:
      return "{0} sur {1} veut d'abord une clé ou un mot de passe, voir sshd_config(5) : "
             "AuthenticationMethods publickey,keyboard-interactive:pam";
    case MessageId::RefusedRevoked:
      return "{0} sur {1} a été refusé : la demande a été révoquée pendant l'attente. Recommencez.";

    case MessageId::DaemonAbsent:
      return "stepupd ne répond pas sur {0} : {1}. Un administrateur trouvera la solution dans "
             "pam_stepup(8), RECOVERY.";
    case MessageId::DaemonSilent:
      return "stepupd sur {0} ne répond pas à temps. Un administrateur trouvera la solution dans "
             "pam_stepup(8), RECOVERY.";
    case MessageId::DaemonLeft:
      return "stepupd sur {0} s'est retiré avant de décider. Recommencez ; sinon, un "
             "administrateur trouvera la solution dans pam_stepup(8), RECOVERY.";
    case MessageId::DaemonVersion:
      return "Ici stepup parle le protocole {0}, et stepupd les versions {1} à {2}. Il faut "
             "installer la même version de libpam-stepup et de stepupd.";
    case MessageId::DaemonNonsense:
      return "Ce qui répond sur {0} ne parle pas le protocole de stepup. Un administrateur "
             "trouvera la solution dans pam_stepup(8), RECOVERY.";
    case MessageId::BadOption:
      return "stepup ne connaît pas l'option \"{0}\" dans /etc/pam.d ou sudo.conf, donc refuse. Un "
             "administrateur doit la corriger ; voir pam_stepup(8).";
    case MessageId::InternalError:
      return "stepup a une erreur interne et refuse. Demandez à un administrateur de voir : "
             "journalctl --grep stepup";
  }
  return "";
}

}  // namespace stepup::wire
