// SPDX-License-Identifier: ISC
// Adding, replacing and removing credentials, below the dialogue that asks for the proofs.  Runs on
// the worker thread.  Who may do what is decided by control_dialogue; this file does it whole or
// not at all.
#pragma once

#include <cstdint>
#include <string>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/pending_credentials.h"
#include "stepupd/factor/totp.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

// What a person wants to enrol.
struct AuthenticatorOrder {
  FactorKind factor = FactorKind::Totp;
  // 1 to 64 printable ASCII characters without a space at either end, and the subject's only one
  // whatever its case.  Empty = that of the credential to be replaced, or a free one.
  std::string label;
  std::string replace_label;  // not empty: that one goes once the new one is proved
  factor::TotpParameters parameters;
};

enum class EnrollRefusal : std::uint8_t {
  LabelTaken,
  NoSuchLabel,
  LabelForm,
  TooMany,
  KeyTaken,          // that YubiKey is enrolled already
  SecurityKeyTaken,  // that security key is
  Digits,
  Ticket,
  LastCredential,
  NotEnrolled,
  Failed,  // not the person's doing: see `error`
};

struct EnrollFailure {
  EnrollRefusal refusal = EnrollRefusal::Failed;
  Error error{};
};

// Either a value or why the person does not get it.
template <typename T>
using Enrolled = std::expected<T, EnrollFailure>;

// Makes an authenticator for `subject` on `host`, to be proved.  Nothing is stored.
[[nodiscard]] Enrolled<PendingAuthenticator> prepare_authenticator(store::Store& store,
                                                                   const Subject& subject,
                                                                   const std::string& host,
                                                                   AuthenticatorOrder order);

// Input is untrusted: what a person typed.  Whether `ticket` lets `subject` enrol a first factor
// now; it is spent only by commit.
[[nodiscard]] Result<bool> ticket_is_good(store::Store& store, const Subject& subject,
                                          const SecretBytes& ticket, const Now& now);

// Stores, in one transaction: the proved authenticator (if any), the new recovery codes (if any,
// instead of all earlier ones), the removal of replace_label, the spending of `ticket` (if any,
// for one that is gone by now: EnrollRefusal::Ticket), and the notice to the subject.  `actor` is
// who did it: a user name.
[[nodiscard]] Enrolled<void> commit_enrollment(store::Store& store, const Subject& subject,
                                               const PendingAuthenticator* authenticator,
                                               const PendingRecoveryCodes* recovery,
                                               const SecretBytes* ticket, const std::string& actor,
                                               const Now& now);

// Adds what another tool has proved: gives it a free label, which it returns, and tells the
// subject. Its key, if it is a security key, is of that tool's relying party.  The caller commits.
[[nodiscard]] Enrolled<std::string> add_imported(store::Transaction& transaction,
                                                 const Subject& subject,
                                                 PendingAuthenticator imported,
                                                 const std::string& actor, const Now& now);

// Removes one credential by label ("recovery-codes" names all of them).  The last OTP credential
// goes only when `by_root`; the recovery codes then go with it.
[[nodiscard]] Enrolled<void> remove_credential(store::Store& store, const Subject& subject,
                                               const std::string& label, bool by_root,
                                               const std::string& actor, const Now& now);

struct IssuedTicket {
  SecretBytes ticket;  // 128 bits in a form that is easy to read out and to type
  std::int64_t expires_at = 0;
};

// Makes a ticket, 24 h, single use; an earlier one of the subject is void.  Fails with Untrusted
// when the uid holds credentials of another name: reset_subject() comes first.
[[nodiscard]] Result<IssuedTicket> issue_ticket(store::Store& store, const Subject& subject,
                                                const Now& now);

// Clears all of the uid's credentials, codes, failures and tickets whoever they were recorded for,
// and issues a ticket, in one transaction.
[[nodiscard]] Result<IssuedTicket> reset_subject(store::Store& store, const Subject& subject,
                                                 const std::string& actor, const Now& now);

}  // namespace stepup::daemon
