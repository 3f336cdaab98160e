// SPDX-License-Identifier: ISC
#include "stepupd/daemon/grant_ledger.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace stepup::daemon {
namespace {

using std::chrono::seconds;

constexpr BootTime kOneShotLife = seconds(60);
constexpr BootTime kRefusalLife = seconds(600);
constexpr BootTime kSleptAtLeast = seconds(1);  // below it, rounding of two clocks
constexpr std::size_t kMaxGrantsEach = 256;     // of one subject; the oldest goes
constexpr std::size_t kMaxRefused = 4096;

bool same_place(const policy::Grant& a, const policy::Grant& b) {
  return a.where.session == b.where.session && a.where.tty == b.where.tty &&
         a.where.leader == b.where.leader && a.where.leader_start == b.where.leader_start &&
         a.where.widest == b.where.widest && a.scope == b.scope;
}

}  // namespace

template <typename Predicate>
void GrantLedger::drop_if(Shelf& shelf, Predicate goes) {
  for (std::size_t i = shelf.grants.size(); i-- > 0;) {
    if (!goes(shelf.grants[i])) continue;
    memory_.clear(shelf.slots[i]);
    shelf.grants.erase(shelf.grants.begin() + static_cast<std::ptrdiff_t>(i));
    shelf.slots.erase(shelf.slots.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void GrantLedger::adopt(GrantMemory memory) {
  memory_ = std::move(memory);
  GrantMemory::Found found = memory_.take_found();
  for (const auto& kept : found.grants) {
    Shelf& shelf = shelves_[kept.value.where.subject];
    shelf.grants.push_back(kept.value);
    shelf.slots.push_back(kept.slot);
  }
  logins_.adopt(std::move(found.logins));
}

std::span<const policy::Grant> GrantLedger::of(uid_t subject) const {
  const auto found = shelves_.find(subject);
  if (found == shelves_.end()) return {};
  return found->second.grants;
}

std::vector<policy::Grant> GrantLedger::all() const {
  std::vector<policy::Grant> every;
  for (const auto& [subject, shelf] : shelves_) {
    every.insert(every.end(), shelf.grants.begin(), shelf.grants.end());
  }
  return every;
}

void GrantLedger::add(const policy::Grant& grant) {
  Shelf& shelf = shelves_[grant.where.subject];
  drop_if(shelf, [&](const policy::Grant& old) {
    return same_place(old, grant) && old.level <= grant.level && old.auth_time <= grant.auth_time;
  });
  if (shelf.grants.size() >= kMaxGrantsEach) {
    const auto oldest = std::ranges::min_element(shelf.grants, {}, &policy::Grant::auth_time);
    bool gone = false;
    drop_if(shelf, [&, victim = *oldest](const policy::Grant& old) {
      return !gone && (gone = same_place(old, victim) && old.auth_time == victim.auth_time);
    });
  }
  shelf.grants.push_back(grant);
  shelf.slots.push_back(memory_.keep(grant));
}

void GrantLedger::note_use(const Coordinates& here, BootTime now) {
  const auto found = shelves_.find(here.subject);
  if (found == shelves_.end()) return;
  Shelf& shelf = found->second;
  for (std::size_t i = 0; i < shelf.grants.size(); ++i) {
    policy::Grant& grant = shelf.grants[i];
    const bool in_session = policy::reach_of(grant, here, Scope::Session).has_value();
    const bool on_tty = policy::reach_of(grant, here, Scope::Tty).has_value();
    if (in_session) grant.used_in_session = now;
    if (on_tty) grant.used_on_tty = now;
    if (in_session || on_tty) memory_.update(shelf.slots[i], grant);
  }
}

void GrantLedger::add_one_shot(OneShot shot, Level level, FactorKind factor, BootTime now) {
  std::erase_if(one_shots_,
                [&](const TimedShot& old) { return now - old.auth_time >= kOneShotLife; });
  one_shots_.push_back({std::move(shot), level, factor, now});
}

bool GrantLedger::take_one_shot(const OneShot& shot, const policy::Demand& demand, BootTime now) {
  const auto found = std::ranges::find_if(one_shots_, [&](const TimedShot& held) {
    const BootTime age = now - held.auth_time;
    return held.shot == shot && held.level >= demand.level && demand.factors.has(held.factor) &&
           age >= BootTime::zero() && age < kOneShotLife;
  });
  if (found == one_shots_.end()) return false;
  one_shots_.erase(found);
  return true;
}

void GrantLedger::refuse_process(const Coordinates& where, BootTime now) {
  std::erase_if(refused_, [&](const Refused& old) { return now >= old.until; });
  if (refused_.size() >= kMaxRefused) refused_.erase(refused_.begin());
  refused_.push_back({where.process, where.process_start, now + kRefusalLife});
}

bool GrantLedger::is_refused(const Coordinates& where, BootTime now) {
  return std::ranges::any_of(refused_, [&](const Refused& refused) {
    return refused.process == where.process && refused.process_start == where.process_start &&
           now < refused.until;
  });
}

void GrantLedger::set_aside(BootTime now) {
  aside_ = std::exchange(shelves_, {});
  aside_since_ = now;
}

void GrantLedger::take_back() {
  for (auto& [subject, kept] : std::exchange(aside_, {})) {
    Shelf& shelf = shelves_[subject];
    shelf.grants.insert(shelf.grants.end(), kept.grants.begin(), kept.grants.end());
    shelf.slots.insert(shelf.slots.end(), kept.slots.begin(), kept.slots.end());
  }
  aside_since_.reset();
}

void GrantLedger::forget_what_is_aside() {
  for (auto& [subject, shelf] : aside_) {
    drop_if(shelf, [](const policy::Grant&) { return true; });
  }
  aside_.clear();
  for (const Login& login : logins_.all()) {
    if (!is_aside(login)) continue;
    logins_.end_if([&](uid_t, const SessionKey& session) { return session == login.where.session; },
                   memory_);
  }
  aside_since_.reset();
}

void GrantLedger::close_sessions_but(std::vector<SessionKey> open) {
  std::ranges::sort(open);
  std::vector<SessionKey> gone;
  const auto look_at = [&](const Coordinates& where) {
    // What was proved elsewhere is in no session that logind lists.
    using Kind = SessionKey::Kind;
    const Kind kind = where.session.kind;
    const bool in_logind =
        where.widest == Scope::Session && (kind == Kind::Audit || kind == Kind::Logind);
    if (in_logind && !std::ranges::binary_search(open, where.session)) {
      gone.push_back(where.session);
    }
  };
  for (const auto* shelves : {&shelves_, &aside_}) {
    for (const auto& [subject, shelf] : *shelves) {
      for (const policy::Grant& grant : shelf.grants) look_at(grant.where);
    }
  }
  for (const Login& login : logins_.all()) look_at(login.where);
  // In one go: it may be found after a long time how many have ended.
  std::ranges::sort(gone);
  forget_if([&](uid_t, const SessionKey& held) { return std::ranges::binary_search(gone, held); });
  for (const SessionKey& session : gone) logins_.close(session, memory_);
}

bool GrantLedger::empty() const noexcept {
  return shelves_.empty() && aside_.empty() && logins_.empty();
}

Ground GrantLedger::ground(uid_t subject, const SessionKey& session) {
  std::erase_if(grounds_, [](const auto& ground) { return ground.expired(); });
  auto known = std::make_shared<Ground::Known>(subject, session);
  grounds_.push_back(known);
  return Ground(std::move(known));
}

template <typename Predicate>
void GrantLedger::forget_if(Predicate goes) {
  for (auto* shelves : {&shelves_, &aside_}) {
    for (auto& [subject, shelf] : *shelves) {
      drop_if(shelf, [&](const policy::Grant& grant) {
        return goes(grant.where.subject, grant.where.session);
      });
    }
    std::erase_if(*shelves, [](const auto& entry) { return entry.second.grants.empty(); });
  }
  std::erase_if(one_shots_, [&](const TimedShot& held) {
    return goes(held.shot.where.subject, held.shot.where.session);
  });
  logins_.end_if(goes, memory_);
  for (const auto& ground : grounds_) {
    const auto known = ground.lock();
    if (known && goes(known->subject, known->session)) known->holds = false;
  }
}

void GrantLedger::forget_session(const SessionKey& session) {
  if (session.kind == SessionKey::Kind::None) return;
  forget_if([&](uid_t, const SessionKey& held) { return held == session; });
}

void GrantLedger::close_session(const SessionKey& session) {
  forget_session(session);
  logins_.close(session, memory_);
}

void GrantLedger::forget_session(const SessionKey& session, uid_t subject) {
  if (session.kind == SessionKey::Kind::None) return;
  forget_if(
      [&](uid_t whose, const SessionKey& held) { return whose == subject && held == session; });
}

void GrantLedger::forget_subject(uid_t subject) {
  sources_.forget(subject);
  forget_if([&](uid_t whose, const SessionKey&) { return whose == subject; });
}

void GrantLedger::forget_all() {
  sources_.forget_all();
  forget_if([](uid_t, const SessionKey&) { return true; });
}

bool GrantLedger::forget_if_slept(BootTime suspended) {
  const bool slept = suspended - memory_.suspended() >= kSleptAtLeast;
  if (slept) forget_all();
  memory_.set_suspended(suspended);
  return slept;
}

}  // namespace stepup::daemon
