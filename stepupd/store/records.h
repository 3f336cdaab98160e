// SPDX-License-Identifier: ISC
// What the database holds, as its users see it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/coordinates.h"
#include "stepupd/base/terms.h"
#include "stepupd/factor/fido2_attestation.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/factor/ssh_sk.h"
#include "stepupd/factor/totp.h"

namespace stepup::store {

// How the set of recovery codes is named where a credential's label is expected.
inline constexpr const char* kRecoveryLabel = "recovery-codes";

// What is kept of a security key.  None of it is secret.
struct Fido2Key {
  std::string rp_id;
  factor::Fido2Credential credential;
  bool uv_required = false;  // its owner wants user verification each time
  bool uv_capable = false;   // the key verified its user when it was enrolled
  bool discoverable = false;
  factor::Aaguid aaguid{};
  factor::AttestationKind attestation_kind = factor::AttestationKind::None;
  std::string attestation_format;
  std::vector<std::uint8_t> attestation;  // the statement: its certificate names the maker

  // Whether another tool had it made, and kept nothing that vouches for it.
  [[nodiscard]] bool imported() const noexcept { return attestation_format.empty(); }
};

// What is kept of a security key behind an ssh agent.  None of it is secret.
struct SshSkKey {
  factor::SshSkKey key;
  std::uint32_t sign_count = 0;  // as of the last signature
  bool uv_required = false;      // it must verify its user at every use
};

// One enrolled authenticator, without its secret key.
struct Credential {
  std::int64_t id = 0;  // never given to another credential
  Subject owner;
  FactorKind factor = FactorKind::Totp;
  std::string label;
  std::int64_t created_at = 0;  // seconds since the epoch, here and below: for people
  std::optional<std::int64_t> last_used_at;
  factor::TotpParameters parameters;  // HOTP has no period, a YubiKey none of them
  // The position (factor::OtpJudgement) that was used last: dead, as is every one before it.
  std::optional<std::uint64_t> last_step;
  std::optional<std::uint64_t> pending_step;  // HOTP: first of the two codes that resynchronise
  std::string public_id;                      // of a YubiKey, else empty
  std::optional<Fido2Key> fido2;              // of a security key, and of nothing else
  std::optional<SshSkKey> ssh_sk;             // of one behind an ssh agent, and of nothing else

  // Whether it holds a public key and no secret.
  [[nodiscard]] bool is_key() const noexcept { return fido2 || ssh_sk; }
};

// How far a credential of /etc/stepup/credentials.d was used on this host.
struct DeclaredUse {
  std::uint32_t sign_count = 0;
  std::int64_t last_used_at = 0;
};

struct RecoveryCode {
  factor::RecoveryHash stored;
  bool used = false;  // kept, so that a used code is told from a wrong one
};

struct RecoveryCodeCount {
  int total = 0;
  int left = 0;
  std::int64_t created_at = 0;
};

// A change that its subject has not been told of.
struct ChangeNotice {
  enum class Kind : std::uint8_t { Added = 1, Removed, RecoveryReplaced, RecoveryUsed };
  std::int64_t id = 0;
  Kind kind = Kind::Added;
  FactorKind factor = FactorKind::Totp;
  std::string label;
  std::string actor;  // user name
  std::int64_t at = 0;
};

// One decision.
struct Activity {
  std::int64_t id = 0;  // grows; given by the database
  std::int64_t at = 0;
  Subject subject;
  SessionKey session;
  std::string tty;
  std::string service;
  std::string phase;
  std::string target_user;
  std::string command;
  std::string digest;
  std::string arguments;
  std::string verdict;
  std::string reason;
  std::string rules;
  std::string factor;
  bool operator==(const Activity&) const = default;
};

struct ActivityQuery {
  std::optional<uid_t> uid;  // nothing: everybody's
  std::optional<SessionKey> session;
  std::int64_t since = 0;
  std::int64_t after = 0;  // id of the last one that is known already
  std::int64_t limit = 0;
};

// All that one uid holds.
struct Holdings {
  std::optional<std::string> recorded_name;  // whose it is; absent = nothing is recorded
  std::vector<Credential> credentials;       // oldest first
  RecoveryCodeCount recovery_codes;
  std::vector<ChangeNotice> notices;  // oldest first

  // Whether there is nothing to prove with, so that the recorded name binds nobody.
  [[nodiscard]] bool empty() const noexcept {
    return credentials.empty() && recovery_codes.total == 0;
  }
};

// Who typed the answers that fail: failures are counted apart, so that nobody locks out somebody
// else (ARCHITECTURE section 11, Failures).
enum class Origin : std::uint8_t { Self = 1, OtherUid, Sshd };

struct FailureKey {
  uid_t uid = kNoUid;
  FactorKind factor = FactorKind::Totp;
  Origin origin = Origin::Self;
};

// A moment on the clock that nobody can set: comparable only within one boot.
struct BootMoment {
  std::string boot_id;
  BootTime at{};
};

struct Failures {
  int count = 0;
  BootMoment last;
};

}  // namespace stepup::store
