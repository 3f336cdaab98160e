// SPDX-License-Identifier: ISC
// Adding, replacing and removing credentials, below the dialogue that asks for the proofs.  Runs on
// the worker thread.  Who may do what is decided by control_dialogue; this file does it whole or
// not at all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/secret_bytes.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/otp_verification.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/factor/totp.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

// A TOTP authenticator that has not been proved yet.  Only in memory: if the dialogue ends, it
// never was.
struct PendingTotp {
  std::string label;
  std::string replace_label;
  factor::TotpParameters parameters;
  SecretBytes key;
  SecretBytes otpauth_uri;
  std::uint64_t proved_step = 0;  // step of the code typed back; 0 = not proved
};

// Recovery codes shown, but not yet typed back.
struct PendingRecoveryCodes {
  std::vector<SecretBytes> codes;
  std::vector<factor::RecoveryHash> hashes;
  SecretBytes text;  // one a line
};

enum class EnrollRefusal : std::uint8_t {
  LabelTaken,
  NoSuchLabel,
  LabelForm,
  TooMany,
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

// Makes the key and its otpauth URI for `subject` on `host`.  An empty label becomes that of the
// replaced authenticator, else "phone", "phone-2", ...  A label is 1 to 64 printable ASCII
// characters without a space at either end, and is the subject's only one whatever its case.
// Nothing is stored.
[[nodiscard]] Enrolled<PendingTotp> prepare_totp(store::Store& store, const Subject& subject,
                                                 const std::string& host, std::string label,
                                                 std::string replace_label,
                                                 factor::TotpParameters parameters);

// Input is untrusted: what a person typed.  Whether `code` is one of the authenticator's now; sets
// proved_step.
[[nodiscard]] bool prove_totp(PendingTotp& pending, const SecretBytes& code, const Now& now);

// Makes and hashes ten recovery codes: about half a second at the default cost.  Nothing is stored.
[[nodiscard]] Result<PendingRecoveryCodes> prepare_recovery_codes(factor::ScryptCost cost = {});

// Input is untrusted: what a person typed.  Whether `typed` is one of the pending codes (it stays
// unused).
[[nodiscard]] bool prove_recovery_code(const PendingRecoveryCodes& pending,
                                       const SecretBytes& typed);

// Input is untrusted: what a person typed.  Whether `ticket` lets `subject` enrol a first factor
// now; it is spent only by commit.
[[nodiscard]] Result<bool> ticket_is_good(store::Store& store, const Subject& subject,
                                          const SecretBytes& ticket, const Now& now);

// Stores, in one transaction: the proved authenticator (if any), the new recovery codes (if any,
// instead of all earlier ones), the removal of replace_label, the spending of `ticket` (if any,
// for one that is gone by now: EnrollRefusal::Ticket), and the notice to the subject.  `actor` is
// who did it: a user name.
[[nodiscard]] Enrolled<void> commit_enrollment(store::Store& store, const Subject& subject,
                                               const PendingTotp* totp,
                                               const PendingRecoveryCodes* recovery,
                                               const SecretBytes* ticket, const std::string& actor,
                                               const Now& now);

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
