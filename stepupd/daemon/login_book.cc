// SPDX-License-Identifier: ISC
#include "stepupd/daemon/login_book.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace stepup::daemon {
namespace {

constexpr BootTime kAttemptLife = std::chrono::seconds(120);  // LoginGraceTime of sshd_config(5)
constexpr std::size_t kMaxLogins = 8192;                      // the oldest goes
constexpr std::size_t kMaxAttempts = 1024;

// Whether the process that reports `login` made `attempt`, or had it made.
bool follows(const Login& login, const LoginAttempt& attempt) {
  const Coordinates& reporter = login.where;
  const bool same =
      reporter.process == attempt.process && reporter.process_start == attempt.process_start;
  const bool parent = attempt.parent != 0 && reporter.process == attempt.parent &&
                      reporter.process_start == attempt.parent_start;
  return (same || parent) && reporter.subject == attempt.subject &&
         login.service == attempt.service;
}

}  // namespace

void LoginBook::adopt(std::vector<GrantMemory::Kept<Login>> found) {
  for (auto& kept : found) {
    const SessionKey session = kept.value.where.session;
    open_.insert_or_assign(session, Entry{std::move(kept.value), kept.slot});
  }
}

void LoginBook::note_proof(LoginAttempt attempt, const LoginProof& proof) {
  std::erase_if(attempts_, [&](const Attempted& old) {
    return proof.auth_time - old.proof.auth_time >= kAttemptLife;
  });
  if (attempts_.size() >= kMaxAttempts) attempts_.erase(attempts_.begin());
  attempts_.push_back({std::move(attempt), proof});
}

std::optional<LoginProof> LoginBook::take_proof(const Login& login) {
  std::optional<LoginProof> best;
  std::erase_if(attempts_, [&](const Attempted& made) {
    if (!follows(login, made.attempt)) return false;
    const BootTime age = login.at - made.proof.auth_time;
    if (age >= BootTime::zero() && age < kAttemptLife &&
        (!best || best->level <= made.proof.level)) {
      best = made.proof;
    }
    return true;
  });
  return best;
}

bool LoginBook::open(Login login, GrantMemory& memory) {
  if (const auto proof = take_proof(login)) login.proof = *proof;
  const SessionKey session = login.where.session;
  if (open_.contains(session)) return false;
  if (open_.size() >= kMaxLogins) {
    const auto oldest =
        std::ranges::min_element(open_, {}, [](const auto& one) { return one.second.login.at; });
    memory.clear(oldest->second.slot);
    open_.erase(oldest);
  }
  const GrantMemory::Slot slot = memory.keep(login);
  open_.emplace(session, Entry{std::move(login), slot});
  return true;
}

const Login* LoginBook::find(const SessionKey& session) const {
  const auto found = open_.find(session);
  return found == open_.end() ? nullptr : &found->second.login;
}

std::vector<Login> LoginBook::all() const {
  std::vector<Login> logins;
  logins.reserve(open_.size());
  for (const auto& [session, entry] : open_) logins.push_back(entry.login);
  return logins;
}

void LoginBook::end_if(const std::function<bool(uid_t subject, const SessionKey&)>& goes,
                       GrantMemory& memory) {
  std::erase_if(attempts_,
                [&](const Attempted& made) { return goes(made.attempt.subject, SessionKey{}); });
  for (auto& [session, entry] : open_) {
    if (!entry.login.counts || !goes(entry.login.where.subject, session)) continue;
    entry.login.counts = false;
    memory.clear(entry.slot);
    entry.slot = memory.keep(entry.login);
  }
}

void LoginBook::close(const SessionKey& session, GrantMemory& memory) {
  const auto found = open_.find(session);
  if (found == open_.end()) return;
  memory.clear(found->second.slot);
  open_.erase(found);
}

}  // namespace stepup::daemon
