// SPDX-License-Identifier: ISC
#include "pam_stepup/outcome.h"

#include <security/pam_modules.h>

namespace stepup::pam_stepup {
namespace {

// In the account phase sudo would explain PAM_AUTH_ERR with "is your account locked?".
constexpr int refusal_in(wire::Phase phase) noexcept {
  return phase == wire::Phase::Auth ? PAM_AUTH_ERR : PAM_PERM_DENIED;
}

}  // namespace

int to_pam(wire::VerdictCode verdict, wire::Phase phase) noexcept {
  switch (verdict) {  // no default: a new verdict must not compile unnoticed
    case wire::VerdictCode::Granted: return PAM_SUCCESS;
    case wire::VerdictCode::NotRequired:
      // Nothing was proven, so alone in an auth stack it must not authenticate.
      return phase == wire::Phase::Auth ? PAM_IGNORE : PAM_SUCCESS;
    case wire::VerdictCode::Denied: return refusal_in(phase);
    case wire::VerdictCode::LockedOut:
      return phase == wire::Phase::Auth ? PAM_MAXTRIES : PAM_PERM_DENIED;
    case wire::VerdictCode::Unavailable: return PAM_AUTHINFO_UNAVAIL;
  }
  return PAM_SYSTEM_ERR;
}

int to_pam(Failure failure, wire::Phase phase) noexcept {
  switch (failure) {
    case Failure::DaemonAbsent: return PAM_AUTHINFO_UNAVAIL;
    case Failure::ConversationFailed: return PAM_CONV_ERR;
    case Failure::Interrupted: return refusal_in(phase);
    // Not AUTHINFO_UNAVAIL: an administrator who lets a step-up pass while stepupd is away
    // (authinfo_unavail=ignore) has not said yes to an impostor or to a misspelt line.
    case Failure::DaemonUntrusted:
    case Failure::BadOption:
    case Failure::Internal: return PAM_SYSTEM_ERR;
  }
  return PAM_SYSTEM_ERR;
}

}  // namespace stepup::pam_stepup
