// SPDX-License-Identifier: ISC
// What may be asked of a subject now: what they hold, and what of it is locked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
#include "stepupd/base/terms.h"
#include "stepupd/daemon/declared_keys.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/throttle.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

// A security key that may be asked for.
struct KeyOffer {
  std::string rp_id;
  std::vector<std::uint8_t> credential_id;
  bool uv_required = false;  // at every use
  Level level = Level::Touch;
};

// A security key behind an ssh agent that may be asked for.
struct SshKeyOffer {
  factor::SshSkKey key;
  Level level = Level::Touch;
};

struct Standing {
  bool owner_mismatch = false;     // uid has credentials of another name
  std::string recorded_name;       // that name
  bool has_code = false;           // something that a typed code can prove, of a factor that counts
  bool has_recovery_code = false;  // and these count
  int authenticators = 0;          // recovery codes do not count
  Level highest = Level::None;     // strongest level held
  Level usable = Level::None;      // and of the factors that count
  BootTime locked_for{};           // until some code is judged again; zero = not locked
  std::vector<KeyOffer> keys;      // where they count
  std::vector<SshKeyOffer> ssh_keys;  // the same
  std::string declared_problem;  // why the keys that /etc declares do not count; empty: they do
  std::vector<store::ChangeNotice> notices;  // to tell at the next step-up, then dismiss
};

// Of the factors that count for what is asked.  Fails with Storage when the database cannot be
// read. Writes nothing.
[[nodiscard]] Result<Standing> standing_of(store::Store& store, const Subject& subject,
                                           Origin origin, const Now& now, const Limits& limits,
                                           const DeclaredSource& declared,
                                           FactorSet factors = FactorSet::all());

// co_await standing_now(engine, subject, origin): the same, as things are.
[[nodiscard]] OnWorker<Standing> standing_now(Engine& engine, const Subject& subject, Origin origin,
                                              FactorSet factors = FactorSet::all());

}  // namespace stepup::daemon
