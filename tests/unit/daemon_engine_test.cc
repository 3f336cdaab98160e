// SPDX-License-Identifier: ISC
#include <systemd/sd-event.h>

#include <memory>
#include <string>

#include "stepupd/base/c_handle.h"
#include "stepupd/daemon/engine.h"
#include "tests/unit/enrolled_store.h"
#include "tests/unit/quiet_records.h"

using namespace stepup;
using namespace stepup::daemon;

TEST_GROUP(EngineOfRules) {
  QuietRecords quiet;
  Engine engine{Paths{}, "web1", "boot"};

  // Puts rules with these settings in force.
  void adopt(rules::Settings settings) {
    auto in_force = std::make_shared<InForce>();
    in_force->set.settings = std::move(settings);
    engine.rules = in_force;
  }
};

TEST(EngineOfRules, TakesWhatTheyNameAsRelyingPartyAndDevices) {
  STRCMP_EQUAL("", engine.rp_id().c_str());
  CHECK_TRUE(engine.fido2_devices().empty());
  rules::Settings settings;
  settings.rp_id = "example.org";
  settings.devices = {"/dev/hidraw9"};
  adopt(settings);
  STRCMP_EQUAL("example.org", engine.rp_id().c_str());
  CHECK(engine.fido2_devices() == settings.devices);
}

// A machine id that was made anew must not make enrolled keys useless.
TEST(EngineOfRules, KeepsTheRelyingPartyOfTheKeysThatAreEnrolled) {
  const StateDirectory state;
  if (auto store = store::opened(state)) (void)store::enrol_security_key(*store);
  Paths paths;
  paths.conf = {state.path(), state.path()};
  paths.state_dir = state.path();
  sd_event* raw = nullptr;
  CHECK(sd_event_new(&raw) >= 0);
  const CHandle<sd_event, &sd_event_unref> loop(raw);
  Engine started(paths, "web1", "boot");
  CHECK_TRUE(started.start(loop.get()).has_value());
  STRCMP_EQUAL("stepup:0123456789abcdef", started.rp_id().c_str());
}

TEST(EngineOfRules, AllowsTheModelsThatTheyNameOrAllWhenTheyNameNone) {
  const factor::Aaguid model = {0x2f, 0xc0, 0x57, 0x9f, 0x81, 0x13, 0x47, 0xea,
                                0xb1, 0x16, 0xbb, 0x5a, 0x8d, 0xb9, 0x20, 0x2a};
  CHECK_FALSE(engine.allows_model(model));  // no rules: nothing goes
  adopt({});
  CHECK_TRUE(engine.allows_model(model));
  rules::Settings settings;
  settings.aaguids = {"00000000-0000-0000-0000-000000000000",
                      "2fc0579f-8113-47ea-b116-bb5a8db9202a"};
  adopt(settings);
  CHECK_TRUE(engine.allows_model(model));
  factor::Aaguid other = model;
  other.back() ^= 1;
  CHECK_FALSE(engine.allows_model(other));
}

TEST(EngineOfRules, CountsSecurityKeysUnlessTheySayOtherwise) {
  adopt({});
  CHECK_TRUE(engine.limits().security_keys);
  rules::Settings settings;
  settings.fido2 = false;
  adopt(settings);
  CHECK_FALSE(engine.limits().security_keys);
}
