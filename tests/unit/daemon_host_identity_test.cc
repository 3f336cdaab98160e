// SPDX-License-Identifier: ISC
#include <errno.h>
#include <systemd/sd-id128.h>

#include "stepupd/daemon/host_identity.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;

namespace {

int next_result = 0;
sd_id128_t asked_for{};

}  // namespace

// libsystemd's, replaced at the link boundary: the machine id of a host that is always the same.
extern "C" __attribute__((visibility("default"))) int sd_id128_get_machine_app_specific(
    sd_id128_t app_id, sd_id128_t* id) {
  asked_for = app_id;
  *id = SD_ID128_MAKE(01, 23, 45, 67, 89, ab, cd, ef, 01, 23, 45, 67, 89, ab, cd, ef);
  return next_result;
}

TEST_GROUP(HostIdentity){void teardown() override{next_result = 0;
}
}
;

TEST(HostIdentity, NamesTheRelyingPartyAfterTheMachineId) {
  const auto rp_id = default_rp_id();
  CHECK_TRUE(rp_id.has_value());
  STRCMP_EQUAL("stepup:0123456789abcdef0123456789abcdef", rp_id->c_str());
}

// With another one, the credentials that were enrolled under the first would be lost.
TEST(HostIdentity, DerivesItWithTheSameNumberForEver) {
  CHECK_TRUE(default_rp_id().has_value());
  char text[SD_ID128_STRING_MAX];
  STRCMP_EQUAL("372c08a0deb64f139107a631de150ef9", sd_id128_to_string(asked_for, text));
}

TEST(HostIdentity, NamesNoneWithoutAMachineId) {
  next_result = -ENOENT;
  const auto rp_id = default_rp_id();
  CHECK_FALSE(rp_id.has_value());
  CHECK(rp_id.error().code == Errc::NotFound);
  LONGS_EQUAL(ENOENT, rp_id.error().sys_errno);
}
