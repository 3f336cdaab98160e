// SPDX-License-Identifier: ISC
#include "stepupd/daemon/standing.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace stepup::daemon {

Result<Standing> standing_of(store::Store& store, const Subject& subject, Origin origin,
                             const Now& now, const Limits& limits, const DeclaredSource& declared,
                             FactorSet factors) {
  auto transaction = store.begin_reading();
  if (!transaction) return std::unexpected(transaction.error());
  auto held = transaction->holdings(subject.uid);
  if (!held) return std::unexpected(held.error());
  Standing standing;
  if (!held->empty() && held->recorded_name != subject.name) {
    standing.owner_mismatch = true;
    standing.recorded_name = held->recorded_name.value_or("");
    return standing;
  }
  auto all = with_declared(*transaction, std::move(held->credentials), subject, declared);
  if (!all) return std::unexpected(all.error());
  standing.declared_problem = std::move(all->problem);
  standing.authenticators = static_cast<int>(all->credentials.size());
  standing.notices = std::move(held->notices);

  const auto holds = [&](FactorKind kind, Level level) {
    standing.highest = std::max(standing.highest, level);
    if (factors.has(kind)) standing.usable = std::max(standing.usable, level);
    return factors.has(kind);
  };
  std::vector<FactorKind> codes;  // the factors that are typed
  if (held->recovery_codes.left > 0 &&
      holds(FactorKind::RecoveryCode, level_of(FactorKind::RecoveryCode))) {
    standing.has_recovery_code = true;
    codes.push_back(FactorKind::RecoveryCode);
  }
  for (const store::Credential& credential : all->credentials) {
    if (const auto& key = credential.fido2) {
      if (!limits.security_keys) continue;
      const Level level = key->uv_capable ? Level::TouchWithUv : Level::Touch;
      if (holds(FactorKind::Fido2, level)) {
        standing.keys.push_back({key->rp_id, key->credential.id, key->uv_required, level});
      }
    } else if (const auto& ssh = credential.ssh_sk) {
      if (!limits.ssh_sk) continue;
      const Level level = ssh->uv_required ? Level::TouchWithUv : Level::Touch;
      if (holds(FactorKind::SshSk, level)) standing.ssh_keys.push_back({ssh->key, level});
    } else if (holds(credential.factor, level_of(credential.factor))) {
      codes.push_back(credential.factor);
    }
  }
  standing.has_code = !codes.empty();
  std::optional<BootTime> soonest;
  for (const FactorKind factor : codes) {
    const auto locked = locked_for(*transaction, {subject.uid, factor, origin}, now, limits);
    if (!locked) return std::unexpected(locked.error());
    soonest = std::min(soonest.value_or(*locked), *locked);
  }
  standing.locked_for = soonest.value_or(BootTime::zero());
  return standing;
}

OnWorker<Standing> standing_now(Engine& engine, const Subject& subject, Origin origin,
                                FactorSet factors) {
  return engine.with_store<Standing>(
      subject.uid, [subject, origin, now = engine.now(), limits = engine.limits(),
                    declared = engine.declared(), factors](store::Store& store) {
        return standing_of(store, subject, origin, now, limits, declared, factors);
      });
}

}  // namespace stepup::daemon
