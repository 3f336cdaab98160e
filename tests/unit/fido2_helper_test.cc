// SPDX-License-Identifier: ISC
#include <fido.h>
#include <sys/sysmacros.h>

#include <string>

#include "stepupd/fido2_helper/failures.h"
#include "stepupd/fido2_helper/lock_holder.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::fido2_helper;
using wire::CeremonyFailure;

namespace {

const std::string kLocks =
    "1: POSIX  ADVISORY  WRITE 101 00:05:93 0 EOF\n"
    "2: FLOCK  ADVISORY  WRITE 708 00:05:93 0 EOF\n"
    "2: -> FLOCK  ADVISORY  WRITE 709 00:05:93 0 EOF\n"
    "3: FLOCK  ADVISORY  READ  710 fd:1a:4294967999 0 EOF\n"
    "4: FLOCK  ADVISORY  WRITE 0 00:05:94 0 EOF\n";

}  // namespace

TEST_GROUP(LockHolder){};

TEST(LockHolder, F62_IsTheProcessThatHoldsTheFlockAndNobodyElse) {
  CHECK_EQUAL(708, flock_holder(kLocks, makedev(0, 5), 93).value_or(0));
  CHECK_EQUAL(710, flock_holder(kLocks, makedev(0xfd, 0x1a), 4294967999).value_or(0));
  CHECK_FALSE(flock_holder(kLocks, makedev(0, 5), 92).has_value());
  CHECK_FALSE(flock_holder(kLocks, makedev(1, 5), 93).has_value());
  // One of another pid namespace is shown as 0.
  CHECK_FALSE(flock_holder(kLocks, makedev(0, 5), 94).has_value());
}

TEST(LockHolder, IsNobodyInATextThatIsCutOrStrange) {
  for (std::size_t size = 0; size < 80; ++size) {
    CHECK_FALSE(flock_holder(kLocks.substr(0, size), makedev(0, 5), 93).has_value());
  }
  CHECK_FALSE(flock_holder("2: FLOCK  ADVISORY  WRITE x 00:05:93 0 EOF", makedev(0, 5), 93));
  CHECK_FALSE(flock_holder("2: FLOCK  ADVISORY  WRITE 708 00-05-93 0 EOF", makedev(0, 5), 93));
  CHECK_FALSE(flock_holder("\n\n", makedev(0, 5), 93));
}

TEST_GROUP(KeyFailures){};

TEST(KeyFailures, F29d_AreToldApart) {
  struct Case {
    int code;
    CeremonyFailure want;
  };
  const Case cases[] = {
      {FIDO_ERR_PIN_BLOCKED,           CeremonyFailure::PinBlocked    },
      {FIDO_ERR_PIN_AUTH_BLOCKED,      CeremonyFailure::PinSoftBlocked},
      {FIDO_ERR_PIN_NOT_SET,           CeremonyFailure::PinNotSet     },
      {FIDO_ERR_UV_BLOCKED,            CeremonyFailure::UvBlocked     },
      {FIDO_ERR_CREDENTIAL_EXCLUDED,   CeremonyFailure::Excluded      },
      {FIDO_ERR_KEY_STORE_FULL,        CeremonyFailure::Unsupported   },
      {FIDO_ERR_UNSUPPORTED_ALGORITHM, CeremonyFailure::Unsupported   },
      {FIDO_ERR_UNSUPPORTED_OPTION,    CeremonyFailure::Unsupported   },
      {FIDO_ERR_PIN_POLICY_VIOLATION,  CeremonyFailure::Unsupported   },
      {FIDO_ERR_RX,                    CeremonyFailure::Device        },
      {FIDO_ERR_OPERATION_DENIED,      CeremonyFailure::Device        },
      {0xf0,                           CeremonyFailure::Device        },
      {FIDO_OK,                        CeremonyFailure::Device        },
  };
  for (const Case& c : cases) {
    const auto why = failed(c.code);
    CHECK_TEXT(why.cause == c.want, std::to_string(c.code).c_str());
    // The detail is for the person or the journal: there is one wherever the cause says too little.
    CHECK_EQUAL(why.cause == CeremonyFailure::Device || why.cause == CeremonyFailure::Unsupported,
                !why.detail.empty());
  }
}

TEST(KeyFailures, OnlyAKeyThatWaitedIsAskedAgain) {
  const BootTime now = boot_now();
  CHECK(waited_in_vain(FIDO_ERR_ACTION_TIMEOUT, now - std::chrono::seconds(10)));
  CHECK(waited_in_vain(FIDO_ERR_USER_ACTION_TIMEOUT, now - std::chrono::seconds(10)));
  CHECK_FALSE(waited_in_vain(FIDO_ERR_ACTION_TIMEOUT, now));  // it would be asked without end
  CHECK_FALSE(waited_in_vain(FIDO_ERR_PIN_INVALID, now - std::chrono::seconds(10)));
  CHECK_FALSE(waited_in_vain(FIDO_OK, now - std::chrono::seconds(10)));
}
