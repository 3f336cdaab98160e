// SPDX-License-Identifier: ISC
// The daemon's durable state: /var/lib/stepup/stepup.db.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/store/records.h"
#include "stepupd/store/seal.h"
#include "stepupd/store/sql.h"

namespace stepup::store {

class Transaction;

// The open database.  One thread at a time may use it.
//
// After a change could not be made durable, and after the file was deleted or replaced, every call
// fails with Storage: SQLite's view and the disk's may differ then (a failed fsync is not repeated
// by a second one), and only a Store that is opened anew reads what is really there.
class Store {
 public:
  // What to do when the directory looks as if it never held a database.
  enum class IfAbsent : std::uint8_t { Make, Refuse };

  // Opens DIRECTORY/stepup.db, or makes it if DIRECTORY never held one.  `credentials_directory` is
  // systemd's $CREDENTIALS_DIRECTORY, or empty.  Pass Refuse once it has been open in this process:
  // a directory that was emptied meanwhile must not become a host where nobody is enrolled.
  //
  // Fails with NotFound when DIRECTORY is missing; Untrusted when it or a file in it has another
  // owner, a wider mode than 0700 or 0600, or is a symbolic link; Busy when another Store has it
  // open; Storage when the database is damaged, newer than this program or gone, or the disk
  // refuses.  A refused database is left as it is: to forget a counter would let a code be used
  // twice.
  [[nodiscard]] static Result<Store> open(const std::string& directory,
                                          const std::string& credentials_directory,
                                          IfAbsent if_absent = IfAbsent::Make);

  Store(Store&&) noexcept = default;
  Store& operator=(Store&&) = delete;  // would release the old lock before the old database
  ~Store() = default;

  // Begins a transaction that may write, after seeing that the files are still those that were
  // opened.  Requires that no other transaction of this Store lives.
  [[nodiscard]] Result<Transaction> begin();
  // The same for one that only reads.
  [[nodiscard]] Result<Transaction> begin_reading();

  // Transaction::holdings() by itself.
  [[nodiscard]] Result<Holdings> holdings(uid_t uid);

  // Why codes cannot be judged, as far as that shows without judging one: fails with Untrusted when
  // the sealing key is missing or not the database's.
  [[nodiscard]] Status check();

  // Forgets notices that were shown.
  [[nodiscard]] Status dismiss_notices(std::span<const ChangeNotice> shown);

 private:
  friend class Transaction;

  // Which file a name led to when it was opened.
  struct Seen {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
  };

  Store() = default;
  Result<Transaction> begin_with(const char* sql);
  void give_up();
  Status adopt_sealing_key(const std::string& directory, const std::string& credentials_directory);

  UniqueFd lock_;
  std::vector<Seen> files_;
  Database database_;  // closed before the lock is released
  Result<SealingKey> key_ = failure(Errc::Untrusted, "no sealing key");
  bool unusable_ = false;
};

// All or nothing: without commit(), everything that was done in it is undone.
//
// Its functions fail with Storage when the disk or the database does.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Makes all changes durable (written and fsynced) before it returns success.  After a failure,
  // none may be relied on.
  [[nodiscard]] Status commit();

  // Accounts: whose a uid's credentials are.

  // Everything of `uid`, whoever it was recorded for.
  [[nodiscard]] Result<Holdings> holdings(uid_t uid);
  [[nodiscard]] Result<std::optional<std::string>> recorded_name(uid_t uid);
  // Everybody who has a credential.
  [[nodiscard]] Result<std::vector<Subject>> holders();
  // Records `subject`, replacing what was recorded for the uid with all that belongs to it.
  Status replace_account(const Subject& subject);

  // Authenticators.

  [[nodiscard]] Result<std::vector<Credential>> credentials(uid_t uid);
  // Opens the key of `credential`.  Fails with Untrusted when the sealing key is missing or not the
  // database's, or the record was changed.
  [[nodiscard]] Result<SecretBytes> key_of(const Credential& credential);
  // Stores `credential` with its key sealed and returns its id.  Requires the owner's account.
  // Fails as key_of() does.  A security key has its `fido2` or its `ssh_sk`: it needs no `key`, nor
  // the sealing key, and has_fido2() must be false.
  [[nodiscard]] Result<std::int64_t> add_credential(const Credential& credential,
                                                    const SecretBytes& key);
  Status remove_credential(std::int64_t id);
  // Makes `step` and all before it dead, and forgets the pending one.  False when it was dead
  // already: then the code must not be accepted.
  [[nodiscard]] Result<bool> advance_step(std::int64_t id, std::uint64_t step,
                                          std::int64_t used_at);
  // Remembers or forgets the first of the two codes that resynchronise an HOTP authenticator.
  Status set_pending_step(std::int64_t id, std::optional<std::uint64_t> step);

  // Security keys.

  // Whether anybody has a credential of this id.
  [[nodiscard]] Result<bool> has_fido2(std::string_view rp_id,
                                       std::span<const std::uint8_t> credential_id);
  // Records the counter of an assertion that was good.  False, as factor::counter_advances(), when
  // it has not gone up meanwhile: then the assertion must not be accepted.
  [[nodiscard]] Result<bool> advance_sign_count(std::int64_t id, std::uint32_t sign_count,
                                                std::int64_t used_at);
  // The same for the counter of a signature that an ssh agent brought.
  [[nodiscard]] Result<bool> advance_ssh_count(std::int64_t id, std::uint32_t sign_count,
                                               std::int64_t used_at);
  // This host's relying party, while a key of it is stored.  New ones keep to it, whatever becomes
  // of the host's name or machine id.
  [[nodiscard]] Result<std::optional<std::string>> recorded_rp_id();
  // Records it for a key that was made here, if none is recorded.
  Status record_rp_id(std::string_view rp_id);

  // What was seen of a declared credential of `uid`; nothing before its first use.
  [[nodiscard]] Result<std::optional<DeclaredUse>> declared_use(
      uid_t uid, std::string_view rp_id, std::span<const std::uint8_t> credential_id);
  // As advance_sign_count().  Kept whatever becomes of the account: a counter that was forgotten
  // would hide a copy of the authenticator.
  [[nodiscard]] Result<bool> advance_declared(uid_t uid, std::string_view rp_id,
                                              std::span<const std::uint8_t> credential_id,
                                              const DeclaredUse& use);

  // Recovery codes.

  // The code of `uid` with this index; nothing when there is none.
  [[nodiscard]] Result<std::optional<RecoveryCode>> recovery_code(uid_t uid,
                                                                  std::string_view index);
  [[nodiscard]] Result<RecoveryCodeCount> count_recovery_codes(uid_t uid);
  // False when it was used already.
  [[nodiscard]] Result<bool> spend_recovery_code(uid_t uid, std::string_view index,
                                                 std::int64_t used_at);
  // Stores `codes` instead of all earlier ones.
  Status replace_recovery_codes(uid_t uid, std::span<const factor::RecoveryHash> codes,
                                std::int64_t created_at);

  // Failures.

  [[nodiscard]] Result<Failures> failures(const FailureKey& key);
  // Counts one more.
  Status add_failure(const FailureKey& key, const BootMoment& now);
  Status clear_failures(const FailureKey& key);
  // Moments of the last failures from other origins than Self, for all factors, newest first.
  [[nodiscard]] Result<std::vector<BootMoment>> foreign_failures(uid_t uid, int limit);
  // Records one of them and keeps the newest `limit`.
  Status add_foreign_failure(uid_t uid, const BootMoment& now, int limit);

  // Recent activity.

  Status add_activity(const Activity& row);
  // Deletes what is of `until` or older, and of each of `subjects` all but the newest 10,000.
  Status trim_activity(std::int64_t until, std::span<const uid_t> subjects);
  [[nodiscard]] Result<std::vector<Activity>> activity(const ActivityQuery& query);

  // Enrolment tickets: SHA-256 of one ticket for each uid.

  Status set_ticket(uid_t uid, std::span<const std::uint8_t> hash, std::int64_t expires_at);
  // The hash, unless there is none or it has expired at `now`.
  [[nodiscard]] Result<std::optional<std::vector<std::uint8_t>>> ticket(uid_t uid,
                                                                        std::int64_t now);
  Status remove_ticket(uid_t uid);

  // Notices to the subject; the newest 32 are kept.

  Status add_notice(uid_t uid, const ChangeNotice& notice);
  [[nodiscard]] Result<std::vector<ChangeNotice>> notices(uid_t uid);
  Status remove_notice(std::int64_t id);

 private:
  friend class Store;
  explicit Transaction(Store& store) : store_(&store) {}
  Database& database() { return store_->database_; }
  Result<std::int64_t> insert_credential(const Credential& credential);
  Status insert_fido2(std::int64_t id, const Fido2Key& key);
  Result<std::optional<Fido2Key>> fido2_key(std::int64_t id);
  Status insert_ssh_sk(std::int64_t id, const SshSkKey& key);
  Result<std::optional<SshSkKey>> ssh_sk_key(std::int64_t id);
  Result<bool> note_use(std::int64_t id, std::int64_t used_at);

  Store* store_;  // null: ended, or moved from
};

}  // namespace stepup::store
