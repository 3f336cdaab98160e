// SPDX-License-Identifier: ISC
#include "stepupd/daemon/enrollment.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "stepupd/factor/digest.h"
#include "stepupd/factor/readable_code.h"

namespace stepup::daemon {
namespace {

using store::ChangeNotice;
using store::Credential;
using store::Holdings;
using store::Transaction;

constexpr std::size_t kMaxCredentials = 16;
constexpr std::size_t kMaxLabel = 64;
constexpr std::size_t kTicketSize = 26;  // 130 bits
constexpr std::int64_t kTicketSeconds = 24 * 60 * 60;

std::unexpected<EnrollFailure> refused(EnrollRefusal refusal) {
  return std::unexpected(EnrollFailure{
      refusal, {Errc::Untrusted, 0, "enrolment refused"}
  });
}

std::unexpected<EnrollFailure> ours(const Error& error) {
  return std::unexpected(EnrollFailure{EnrollRefusal::Failed, error});
}

constexpr Error kOtherName{Errc::Untrusted, 0, "the uid's credentials belong to another name"};

// Not tolower(3): that depends on the locale.
char lower(char sign) { return sign >= 'A' && sign <= 'Z' ? static_cast<char>(sign + 32) : sign; }

bool same_label(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool well_formed(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != ' ' &&
         label.back() != ' ' && !same_label(label, store::kRecoveryLabel) &&
         std::ranges::all_of(label, [](char sign) { return sign >= ' ' && sign <= '~'; });
}

const Credential* find(const Holdings& held, std::string_view label) {
  const auto found = std::ranges::find_if(held.credentials, [&](const Credential& credential) {
    return same_label(credential.label, label);
  });
  return found == held.credentials.end() ? nullptr : &*found;
}

const char* usual_label(FactorKind factor) {
  switch (factor) {
    case FactorKind::Totp: return "phone";
    case FactorKind::Hotp: return "hotp";
    case FactorKind::YubicoOtp: return "yubikey";
    case FactorKind::Fido2: return "key";
    case FactorKind::SshSk: return "ssh-key";
    case FactorKind::RecoveryCode: break;
  }
  return "?";
}

std::string free_label(const Holdings& held, FactorKind factor) {
  const std::string usual = usual_label(factor);
  std::string label = usual;
  for (int n = 2; find(held, label) != nullptr; ++n) label = usual + "-" + std::to_string(n);
  return label;
}

// Whether an authenticator named `label` may be added in place of `replaced`, if there is one.
std::optional<EnrollRefusal> obstacle(const Holdings& held, std::string_view label,
                                      const Credential* replaced) {
  if (!well_formed(label)) return EnrollRefusal::LabelForm;
  const Credential* same = find(held, label);
  if (same != nullptr && same != replaced) return EnrollRefusal::LabelTaken;
  const std::size_t going = replaced == nullptr ? 0 : 1;
  if (held.credentials.size() - going >= kMaxCredentials) return EnrollRefusal::TooMany;
  return {};
}

// What `subject` holds.  Fails with kOtherName when it is somebody else's.
Result<Holdings> holdings_of(Transaction& transaction, const Subject& subject) {
  auto held = transaction.holdings(subject.uid);
  if (held && !held->empty() && held->recorded_name != subject.name) {
    return std::unexpected(kOtherName);
  }
  return held;
}

// Sees to it that the uid is recorded for `subject`.  Requires that nothing is held under another
// name.
Status claim_account(Transaction& transaction, const Holdings& held, const Subject& subject) {
  if (held.recorded_name == subject.name) return {};
  return transaction.replace_account(subject);
}

// Has a new security key made beside those that are held: one that holds one of these is refused,
// and where they were imported it is made for their relying party, since a touch is asked of the
// keys of one alone.
void join_keys(const Holdings& held, const Credential* replaced, PendingAuthenticator& pending) {
  std::vector<const store::Fido2Key*> keys;
  for (const Credential& credential : held.credentials) {
    if (credential.fido2 && &credential != replaced) keys.push_back(&*credential.fido2);
  }
  for (const auto* key : keys) pending.excluded.push_back(key->credential.id);
  const auto imported = std::ranges::find_if(keys, &store::Fido2Key::imported);
  if (imported == keys.end()) return;
  const std::string& rp_id = (*imported)->rp_id;
  const auto same = [&](const store::Fido2Key* key) { return key->rp_id == rp_id; };
  if (std::ranges::all_of(keys, same)) pending.rp_id = rp_id;
}

ChangeNotice notice_of(ChangeNotice::Kind kind, FactorKind factor, const std::string& label,
                       const std::string& actor, const Now& now) {
  return {0, kind, factor, label, actor, now.unix_seconds};
}

Result<bool> ticket_matches(Transaction& transaction, const Holdings& held, const Subject& subject,
                            const SecretBytes& ticket, const Now& now) {
  // A clock that was never set would give an old ticket its life back.
  if (now.unix_seconds < factor::kEarliestPlausibleTime) return false;
  if (held.recorded_name != subject.name) return false;
  const auto text = factor::read_readable(ticket.text(), kTicketSize);
  if (!text) return false;
  const auto hash = factor::sha256(text->view());
  if (!hash) return std::unexpected(hash.error());
  const auto found = transaction.ticket(subject.uid, now.unix_seconds);
  if (!found) return std::unexpected(found.error());
  const std::optional<std::vector<std::uint8_t>>& stored = *found;
  return stored && factor::equal_in_constant_time(*stored, *hash);
}

// Requires the subject's account.
Result<IssuedTicket> add_ticket(Transaction& transaction, const Subject& subject, const Now& now) {
  const auto ticket = factor::random_readable(kTicketSize);
  if (!ticket) return std::unexpected(ticket.error());
  const auto hash = factor::sha256(ticket->view());
  if (!hash) return std::unexpected(hash.error());
  const std::int64_t expires_at = now.unix_seconds + kTicketSeconds;
  if (const auto set = transaction.set_ticket(subject.uid, *hash, expires_at); !set) {
    return std::unexpected(set.error());
  }
  return IssuedTicket{factor::grouped(*ticket, {5, 5, 5, 5, 6}), expires_at};
}

// Whether another credential than `replaced` is the same YubiKey: a code could count in both.
bool is_enrolled(const Holdings& held, const std::string& public_id, const Credential* replaced) {
  return !public_id.empty() && std::ranges::any_of(held.credentials, [&](const Credential& other) {
    return &other != replaced && other.public_id == public_id;
  });
}

// Whether another credential than `replaced` is the same security key behind an ssh agent.
bool is_enrolled(const Holdings& held, const std::optional<store::SshSkKey>& key,
                 const Credential* replaced) {
  return key && std::ranges::any_of(held.credentials, [&](const Credential& other) {
           return &other != replaced && other.ssh_sk && other.ssh_sk->key.blob == key->key.blob;
         });
}

Enrolled<void> store_authenticator(Transaction& transaction, const Holdings& held,
                                   const Subject& subject, const PendingAuthenticator& pending,
                                   const std::string& actor, const Now& now) {
  const Credential* replaced = nullptr;
  if (!pending.replace_label.empty()) {
    replaced = find(held, pending.replace_label);
    if (replaced == nullptr) return refused(EnrollRefusal::NoSuchLabel);
  }
  // Asked again, because another dialogue may have ended since prepare_authenticator().
  if (const auto why = obstacle(held, pending.label, replaced)) return refused(*why);
  if (is_enrolled(held, pending.public_id, replaced)) return refused(EnrollRefusal::KeyTaken);
  if (is_enrolled(held, pending.ssh_sk, replaced)) return refused(EnrollRefusal::SecurityKeyTaken);
  if (replaced != nullptr) {
    auto done = transaction.remove_credential(replaced->id);
    if (done) {
      done = transaction.add_notice(
          subject.uid,
          notice_of(ChangeNotice::Kind::Removed, replaced->factor, replaced->label, actor, now));
    }
    if (!done) return ours(done.error());
  }
  Credential credential;
  credential.owner = subject;
  credential.factor = pending.factor;
  credential.label = pending.label;
  credential.created_at = now.unix_seconds;
  credential.parameters = pending.parameters;
  credential.fido2 = pending.fido2;
  credential.ssh_sk = pending.ssh_sk;
  // The code typed back is used.
  if (!credential.is_key()) credential.last_step = pending.proved_step;
  credential.public_id = pending.public_id;
  const auto added = transaction.add_credential(credential, pending.key);
  if (!added) return ours(added.error());
  const auto told = transaction.add_notice(
      subject.uid, notice_of(ChangeNotice::Kind::Added, pending.factor, pending.label, actor, now));
  if (!told) return ours(told.error());
  return {};
}

Status remove_recovery_codes(Transaction& transaction, const Holdings& held, const Subject& subject,
                             const std::string& actor, const Now& now) {
  if (held.recovery_codes.total == 0) return {};
  auto removed = transaction.replace_recovery_codes(subject.uid, {}, now.unix_seconds);
  if (!removed) return removed;
  return transaction.add_notice(subject.uid,
                                notice_of(ChangeNotice::Kind::Removed, FactorKind::RecoveryCode,
                                          store::kRecoveryLabel, actor, now));
}

}  // namespace

Enrolled<PendingAuthenticator> prepare_authenticator(store::Store& store, const Subject& subject,
                                                     const std::string& host,
                                                     AuthenticatorOrder order) {
  if (order.parameters.digits < factor::kMinDigits ||
      order.parameters.digits > factor::kMaxDigits) {
    return refused(EnrollRefusal::Digits);
  }
  if (level_of(order.factor) == Level::Otp) {  // nobody scans a secret that could not be sealed
    if (const auto usable = store.check(); !usable) return ours(usable.error());
  }
  auto transaction = store.begin_reading();
  if (!transaction) return ours(transaction.error());
  const auto held = holdings_of(*transaction, subject);
  if (!held) return ours(held.error());
  const Credential* replaced = nullptr;
  if (!order.replace_label.empty()) {
    replaced = find(*held, order.replace_label);
    if (replaced == nullptr) return refused(EnrollRefusal::NoSuchLabel);
  }
  if (order.label.empty()) {
    order.label = replaced != nullptr ? replaced->label : free_label(*held, order.factor);
  }
  if (const auto why = obstacle(*held, order.label, replaced)) return refused(*why);

  auto pending = make_authenticator(order.factor, order.parameters, host, subject.name);
  if (!pending) return ours(pending.error());
  if (order.factor == FactorKind::Fido2) join_keys(*held, replaced, *pending);
  pending->label = std::move(order.label);
  pending->replace_label = std::move(order.replace_label);
  return std::move(*pending);
}

Result<bool> ticket_is_good(store::Store& store, const Subject& subject, const SecretBytes& ticket,
                            const Now& now) {
  auto transaction = store.begin_reading();
  if (!transaction) return std::unexpected(transaction.error());
  const auto held = transaction->holdings(subject.uid);
  if (!held) return std::unexpected(held.error());
  return ticket_matches(*transaction, *held, subject, ticket, now);
}

Enrolled<void> commit_enrollment(store::Store& store, const Subject& subject,
                                 const PendingAuthenticator* authenticator,
                                 const PendingRecoveryCodes* recovery, const SecretBytes* ticket,
                                 const std::string& actor, const Now& now) {
  if (authenticator != nullptr && !authenticator->proved_step) {
    return ours({Errc::Internal, 0, "an authenticator that was not proved"});
  }
  auto transaction = store.begin();
  if (!transaction) return ours(transaction.error());
  const auto held = holdings_of(*transaction, subject);
  if (!held) return ours(held.error());
  if (ticket != nullptr) {
    const auto good = ticket_matches(*transaction, *held, subject, *ticket, now);
    if (!good) return ours(good.error());
    if (!*good) return refused(EnrollRefusal::Ticket);
    if (const auto spent = transaction->remove_ticket(subject.uid); !spent) {
      return ours(spent.error());
    }
  }
  if (const auto claimed = claim_account(*transaction, *held, subject); !claimed) {
    return ours(claimed.error());
  }
  if (authenticator != nullptr) {
    auto stored = store_authenticator(*transaction, *held, subject, *authenticator, actor, now);
    if (!stored) return stored;
    if (authenticator->fido2 && authenticator->rp_id.empty()) {
      const auto kept = transaction->record_rp_id(authenticator->fido2->rp_id);
      if (!kept) return ours(kept.error());
    }
  }
  if (recovery != nullptr) {
    const auto kind = held->recovery_codes.total == 0 ? ChangeNotice::Kind::Added
                                                      : ChangeNotice::Kind::RecoveryReplaced;
    auto done =
        transaction->replace_recovery_codes(subject.uid, recovery->hashes, now.unix_seconds);
    if (done) {
      done = transaction->add_notice(subject.uid, notice_of(kind, FactorKind::RecoveryCode,
                                                            store::kRecoveryLabel, actor, now));
    }
    if (!done) return ours(done.error());
  }
  if (const auto done = transaction->commit(); !done) return ours(done.error());
  return {};
}

Enrolled<std::string> add_imported(Transaction& transaction, const Subject& subject,
                                   PendingAuthenticator imported, const std::string& actor,
                                   const Now& now) {
  const auto held = holdings_of(transaction, subject);
  if (!held) return ours(held.error());
  if (const auto claimed = claim_account(transaction, *held, subject); !claimed) {
    return ours(claimed.error());
  }
  imported.label = free_label(*held, imported.factor);
  const auto stored = store_authenticator(transaction, *held, subject, imported, actor, now);
  if (!stored) return std::unexpected(stored.error());
  return std::move(imported.label);
}

Enrolled<void> remove_credential(store::Store& store, const Subject& subject,
                                 const std::string& label, bool by_root, const std::string& actor,
                                 const Now& now) {
  auto transaction = store.begin();
  if (!transaction) return ours(transaction.error());
  const auto held = holdings_of(*transaction, subject);
  if (!held) return ours(held.error());
  if (held->empty()) return refused(EnrollRefusal::NotEnrolled);

  Status done;
  if (same_label(label, store::kRecoveryLabel)) {
    if (held->recovery_codes.total == 0) return refused(EnrollRefusal::NoSuchLabel);
    if (held->credentials.empty() && !by_root) return refused(EnrollRefusal::LastCredential);
    done = remove_recovery_codes(*transaction, *held, subject, actor, now);
  } else {
    const Credential* credential = find(*held, label);
    if (credential == nullptr) return refused(EnrollRefusal::NoSuchLabel);
    const bool last = held->credentials.size() == 1;
    if (last && !by_root) return refused(EnrollRefusal::LastCredential);
    done = transaction->remove_credential(credential->id);
    if (done) {
      done = transaction->add_notice(
          subject.uid, notice_of(ChangeNotice::Kind::Removed, credential->factor, credential->label,
                                 actor, now));
    }
    if (done && last) done = remove_recovery_codes(*transaction, *held, subject, actor, now);
  }
  if (done) done = transaction->commit();
  if (!done) return ours(done.error());
  return {};
}

Result<IssuedTicket> issue_ticket(store::Store& store, const Subject& subject, const Now& now) {
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  const auto held = holdings_of(*transaction, subject);
  if (!held) return std::unexpected(held.error());
  if (const auto claimed = claim_account(*transaction, *held, subject); !claimed) {
    return std::unexpected(claimed.error());
  }
  auto ticket = add_ticket(*transaction, subject, now);
  if (!ticket) return ticket;
  if (const auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return ticket;
}

Result<IssuedTicket> reset_subject(store::Store& store, const Subject& subject,
                                   const std::string& actor, const Now& now) {
  auto transaction = store.begin();
  if (!transaction) return std::unexpected(transaction.error());
  const auto held = transaction->holdings(subject.uid);
  if (!held) return std::unexpected(held.error());
  // All that belongs to the uid goes with its account; what the same person has not been told yet
  // stays.
  auto done = transaction->replace_account(subject);
  if (held->recorded_name == subject.name) {
    std::vector<ChangeNotice> notices = held->notices;
    for (const Credential& credential : held->credentials) {
      notices.push_back(
          notice_of(ChangeNotice::Kind::Removed, credential.factor, credential.label, actor, now));
    }
    for (const ChangeNotice& notice : notices) {
      if (done) done = transaction->add_notice(subject.uid, notice);
    }
  }
  if (!done) return std::unexpected(done.error());
  auto ticket = add_ticket(*transaction, subject, now);
  if (!ticket) return ticket;
  if (done = transaction->commit(); !done) return std::unexpected(done.error());
  return ticket;
}

}  // namespace stepup::daemon
