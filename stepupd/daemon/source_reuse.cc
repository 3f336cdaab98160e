// SPDX-License-Identifier: ISC
#include "stepupd/daemon/source_reuse.h"

#include <arpa/inet.h>

#include <algorithm>

#include "stepupd/factor/bytes_of.h"
#include "stepupd/session/ssh_auth_info.h"

namespace stepup::daemon {
namespace {

constexpr std::size_t kMaxProofs = 1024;  // the oldest goes: it is asked for again

bool is_address(const std::string& text) {
  in6_addr parsed{};
  return inet_pton(AF_INET, text.c_str(), &parsed) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

session::SshAuthInfo info_of(const wire::CheckRequest& request) {
  if (!request.ssh_auth_info) return {};
  return session::parse_ssh_auth_info(*request.ssh_auth_info).value_or(session::SshAuthInfo{});
}

}  // namespace

bool is_first_factor(const wire::CheckRequest& request) {
  return info_of(request).methods == 0 && !request.has_authtok;
}

std::optional<LoginPlace> place_of(const wire::CheckRequest& request) {
  const session::SshAuthInfo info = info_of(request);
  if (info.key.empty() || !session::has(info.methods, session::LoginMethod::PublicKey) ||
      !is_address(request.rhost_hint)) {
    return std::nullopt;
  }
  const auto digest = factor::sha256(factor::bytes_of(info.key));
  if (!digest) return std::nullopt;
  return LoginPlace{request.pam_user_uid, request.rhost_hint, *digest};
}

void SourceReuse::note(const LoginPlace& place, Level level, FactorKind factor, BootTime now) {
  std::erase_if(proofs_, [&](const Proof& old) { return old.place == place; });
  if (proofs_.size() >= kMaxProofs) proofs_.erase(proofs_.begin());
  proofs_.push_back({place, level, factor, now});
}

bool SourceReuse::meet(const policy::Demand& demand, const LoginPlace& place, BootTime within,
                       BootTime now) const {
  if (demand.denies() || demand.scope == Scope::Process) return false;
  const BootTime limit = std::min({within, demand.max_age, demand.max_idle});
  return std::ranges::any_of(proofs_, [&](const Proof& proof) {
    const BootTime age = now - proof.at;
    return proof.place == place && proof.level >= demand.level &&
           demand.factors.has(proof.factor) && age >= BootTime::zero() && age < limit;
  });
}

void SourceReuse::forget(uid_t subject) {
  std::erase_if(proofs_, [&](const Proof& proof) { return proof.place.subject == subject; });
}

}  // namespace stepup::daemon
