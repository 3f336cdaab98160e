// SPDX-License-Identifier: ISC
#include <security/pam_modules.h>

#include "pam_stepup/outcome.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::pam_stepup;
using stepup::wire::Phase;
using stepup::wire::VerdictCode;

TEST_GROUP(PamOutcome){};

TEST(PamOutcome, OfAVerdictIsTheDocumentedCode) {
  struct Case {
    const char* name;
    VerdictCode verdict;
    int auth;
    int account;
  };
  const Case cases[] = {
      {"granted",           VerdictCode::Granted,          PAM_SUCCESS,          PAM_SUCCESS         },
      {"not required",      VerdictCode::NotRequired,      PAM_IGNORE,           PAM_SUCCESS         },
      {"denied",            VerdictCode::Denied,           PAM_AUTH_ERR,         PAM_PERM_DENIED     },
      {"locked out",        VerdictCode::LockedOut,        PAM_MAXTRIES,         PAM_PERM_DENIED     },
      {"unavailable",       VerdictCode::Unavailable,      PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL},
      {"zero",              VerdictCode{0},                PAM_SYSTEM_ERR,       PAM_SYSTEM_ERR      },
      {"granted, one more", VerdictCode{0x4752'4e54 + 1U}, PAM_SYSTEM_ERR,       PAM_SYSTEM_ERR      },
      {"all ones",          VerdictCode{0xffff'ffff},      PAM_SYSTEM_ERR,       PAM_SYSTEM_ERR      },
  };
  for (const Case& c : cases) {
    CHECK_EQUAL_TEXT(c.auth, to_pam(c.verdict, Phase::Auth), c.name);
    CHECK_EQUAL_TEXT(c.account, to_pam(c.verdict, Phase::Account), c.name);
  }
}

TEST(PamOutcome, OfAFailureIsTheDocumentedCode) {
  struct Case {
    const char* name;
    Failure failure;
    int auth;
    int account;
  };
  const Case cases[] = {
      {"daemon absent",    Failure::DaemonAbsent,       PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL},
      {"daemon untrusted", Failure::DaemonUntrusted,    PAM_SYSTEM_ERR,       PAM_SYSTEM_ERR      },
      {"no conversation",  Failure::ConversationFailed, PAM_CONV_ERR,         PAM_CONV_ERR        },
      {"interrupted",      Failure::Interrupted,        PAM_AUTH_ERR,         PAM_PERM_DENIED     },
      {"bad option",       Failure::BadOption,          PAM_SYSTEM_ERR,       PAM_SYSTEM_ERR      },
      {"internal",         Failure::Internal,           PAM_SYSTEM_ERR,       PAM_SYSTEM_ERR      },
  };
  for (const Case& c : cases) {
    CHECK_EQUAL_TEXT(c.auth, to_pam(c.failure, Phase::Auth), c.name);
    CHECK_EQUAL_TEXT(c.account, to_pam(c.failure, Phase::Account), c.name);
  }
}

TEST(PamOutcome, OfNoFailureLetsAnybodyThrough) {
  for (int raw = 0; raw < 256; ++raw) {
    for (const Phase phase : {Phase::Auth, Phase::Account}) {
      const int code = to_pam(static_cast<Failure>(raw), phase);
      CHECK_TRUE(code != PAM_SUCCESS && code != PAM_IGNORE);
    }
  }
}
