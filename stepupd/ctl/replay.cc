// SPDX-License-Identifier: ISC
#include "stepupd/ctl/replay.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "stepupd/policy/command_line.h"
#include "stepupd/policy/decide.h"
#include "stepupd/policy/match.h"

namespace stepup::ctl {
namespace {

using policy::Facts;
using Reading = policy::Command::Reading;

constexpr std::int64_t kOneShotLife = 60;  // seconds: of stepupd

bool lists(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool has_command_line(std::string_view family) {
  return family == "sudo" || family == "su" || family == "doas";
}

bool was_let_through(const wire::ActivityRow& row) {
  return row.verdict == "granted" || row.verdict == "not-required";
}

bool was_refused_after_asking(const wire::ActivityRow& row) {
  static constexpr auto kWithoutAsking = std::to_array<std::string_view>(
      {"no-rules", "unknown-user", "rule-denies", "no-factor-counts", "refused-before",
       "owner-mismatch", "declared-keys", "unenrolled", "no-conversation", "no-local-key",
       "locked-out", "unavailable", "busy"});
  return !was_let_through(row) && !lists(kWithoutAsking, row.reason);
}

bool was_asked(const wire::ActivityRow& row) {
  return row.reason == "proved" || was_refused_after_asking(row);
}

// The words as they were typed; nothing where they are not kept, or not to the letter.
std::optional<std::vector<std::string>> typed_line(const wire::ActivityRow& row) {
  const std::string& text = row.arguments;
  if (text.empty() || text.find_first_of("\"\\") != text.npos || text.ends_with("...")) {
    return std::nullopt;
  }
  std::vector<std::string> argv = {row.service};
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    argv.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return argv;
}

policy::CommandLine read_line(const wire::ActivityRow& row) {
  policy::CommandLine line;
  if (policy::only_logs_in(row.service)) line.command.reading = Reading::None;
  if (!has_command_line(row.service)) return line;
  if (const auto argv = typed_line(row)) {
    if (row.service == "su") return policy::read_su_line(*argv, false);
    if (row.service == "doas") return policy::read_doas_line(*argv, false);
    return policy::read_sudo_line(*argv, false);
  }
  if (row.service == "su") return line;
  // Where stepupd could read no command, it took the line for every command.
  if (row.command.empty()) {
    line.command.reading = Reading::Shell;
  } else {
    line.command.reading = Reading::Name;
    line.command.words = {row.command};
  }
  return line;
}

// Whether stepupd knew more of this condition than the record does.
bool is_lost(std::string_view key, const Facts& facts) {
  static constexpr auto kNeverKept = std::to_array<std::string_view>(
      {"source", "except_source", "remote", "login_method", "pam_service"});
  if (key == "command" || key == "except_command") {
    return facts.command.reading == Reading::Name || facts.family == "su";
  }
  return lists(kNeverKept, key) || ((key == "user" || key == "except_user") && !facts.groups);
}

// Whether the two ask for the same, whichever rules they come from.
bool same_demand(const policy::Demand& a, const policy::Demand& b) {
  const auto parts = [](const policy::Demand& demand) {
    return std::tuple(demand.denies(), demand.level, demand.max_age, demand.max_idle, demand.scope,
                      demand.login_counts);
  };
  return parts(a) == parts(b) && a.factors == b.factors;
}

int order_of(std::string_view phase) { return phase == "auth" ? 0 : phase == "approval" ? 2 : 1; }

class Replay {
 public:
  Replay(const rules::RuleSet& set, const Holdings& holdings, std::int64_t now)
      : set_(set), index_(set.rules), holdings_(holdings) {
    allows_unenrolled_ = set.settings.unenrolled.allow && now < set.settings.unenrolled.until_unix;
    rehearsal_.knows_factors = !holdings.empty();
    rehearsal_.until = now;
  }

  void add(const PastDecision& past) {
    const wire::ActivityRow& row = past.row;
    if (rehearsal_.people.empty()) rehearsal_.since = row.at;
    PersonTally& tally = rehearsal_.people[row.uid];
    tally.user = row.user;
    ++tally.decisions;
    // The same process again, which is refused without a word.
    if (row.reason == "refused-before") return;
    if (was_asked(row)) ++tally.prompts_before;
    if (!was_let_through(row)) ++tally.refusals_before;

    Facts facts = past.facts;
    facts.host_tags = set_.settings.tags;
    const policy::Joined joined = policy::join(set_.rules, index_, facts);
    const bool passes_root = row.uid == 0 && has_command_line(row.service) && !joined.names_root;
    bool is_sure = rests_on_the_record(joined.enforced, facts);
    if (joined.enforced.asks() && !passes_root && row.reason != "only-lists") {
      is_sure = decide(row, joined.enforced, tally) && is_sure;
    }
    if (!is_sure) ++tally.uncertain;
  }

  Rehearsal take() { return std::move(rehearsal_); }

 private:
  // Whether the rules that surely matched ask for as much as all that may have.
  bool rests_on_the_record(const policy::Demand& demand, const Facts& facts) {
    std::vector<policy::Rule> sure;
    std::set<std::string> lost;
    for (const std::size_t index : demand.rules) {
      bool all_known = true;
      for (const policy::ConditionResult& condition : policy::explain(set_.rules[index], facts)) {
        if (condition.holds != policy::Holds::Unknown || !is_lost(condition.key, facts)) continue;
        all_known = false;
        lost.insert(condition.key);
      }
      if (all_known) sure.push_back(set_.rules[index]);
    }
    if (lost.empty() || same_demand(policy::join(sure, facts).enforced, demand)) return true;
    rehearsal_.not_recorded.merge(lost);
    return false;
  }

  // Counts what becomes of a decision that something is asked for.  Returns false where that hangs
  // on what is not recorded.
  bool decide(const wire::ActivityRow& row, const policy::Demand& demand, PersonTally& tally) {
    if (demand.denies()) {
      ++tally.refusals_after;
      return true;
    }
    const Coordinates here = where(row);
    const BootTime now = std::chrono::seconds(row.at);
    std::vector<policy::Grant>& grants = grants_[row.uid];
    if (policy::decide(demand, here, grants, now).decision == policy::Decision::Allow) {
      note_use(grants, here, now);
      return true;
    }
    if (continues_what_was_proved(row)) return true;
    if (row.reason == "no-conversation") {
      ++tally.refusals_after;
    } else if (!can_meet(row.uid, demand)) {
      ++tally.unmet;
      // Until the date, who holds something weaker is asked for that.
      if (!allows_unenrolled_) ++tally.refusals_after;
      if (allows_unenrolled_ && holdings_.at(row.uid) != FactorSet()) ++tally.prompts_after;
    } else {
      ++tally.prompts_after;
      if (was_refused_after_asking(row)) {
        ++tally.refusals_after;
      } else {
        prove(row, demand, here, now);
      }
    }
    if (demand.login_counts) rehearsal_.not_recorded.insert("login_counts");
    return !demand.login_counts;
  }

  Coordinates where(const wire::ActivityRow& row) {
    Coordinates here;
    here.subject = row.uid;
    here.session = row.session;
    const bool in_session = has_command_line(row.service) || row.service == "ssh-command";
    const bool is_whole = row.session.kind != SessionKey::Kind::Manager;
    here.widest = !in_session ? Scope::Process : is_whole ? Scope::Session : Scope::Tty;
    if (!row.tty.empty()) here.tty = ttys_.try_emplace(row.tty, ttys_.size() + 1).first->second;
    return here;
  }

  static void note_use(std::vector<policy::Grant>& grants, const Coordinates& here, BootTime now) {
    for (policy::Grant& grant : grants) {
      if (policy::reach_of(grant, here, Scope::Session)) grant.used_in_session = now;
      if (policy::reach_of(grant, here, Scope::Tty)) grant.used_on_tty = now;
    }
  }

  // A process that asks in several phases proves itself in the first.
  bool continues_what_was_proved(const wire::ActivityRow& row) {
    const auto found = proofs_.find(row.uid);
    if (found == proofs_.end()) return false;
    const wire::ActivityRow& last = found->second;
    const auto place = [](const wire::ActivityRow& one) {
      return std::tuple(one.service, one.session.kind, one.session.id, one.tty, one.digest);
    };
    const bool continues = place(last) == place(row) && row.at - last.at < kOneShotLife &&
                           order_of(last.phase) < order_of(row.phase);
    proofs_.erase(found);
    if (continues) proofs_[row.uid] = row;
    return continues;
  }

  [[nodiscard]] bool can_meet(uid_t uid, const policy::Demand& demand) const {
    const auto held = holdings_.find(uid);
    return held == holdings_.end() || (held->second & demand.factors).reaches(demand.level);
  }

  void prove(const wire::ActivityRow& row, const policy::Demand& demand, const Coordinates& here,
             BootTime now) {
    proofs_[row.uid] = row;
    if (demand.max_age == BootTime::zero() || demand.scope == Scope::Process ||
        here.widest == Scope::Process) {
      return;
    }
    const auto held = holdings_.find(row.uid);
    const FactorSet can = held == holdings_.end() ? demand.factors : held->second & demand.factors;
    policy::Grant grant{here, demand.scope, demand.level, FactorKind::Totp, 0, now, {}, {}};
    for (const FactorKind kind : kFactorKinds) {
      if (!can.has(kind) || highest_of(kind) < demand.level) continue;
      grant.factor = kind;
      grant.level = std::max(demand.level, level_of(kind));
      if (to_string(kind) == row.factor) break;
    }
    std::vector<policy::Grant>& grants = grants_[row.uid];
    std::erase_if(grants, [&](const policy::Grant& old) {
      return old.where == here && old.scope == grant.scope && old.factor == grant.factor &&
             old.level <= grant.level;
    });
    grants.push_back(grant);
  }

  const rules::RuleSet& set_;
  policy::RuleIndex index_;
  const Holdings& holdings_;
  bool allows_unenrolled_ = false;
  std::map<uid_t, std::vector<policy::Grant>> grants_;
  std::map<uid_t, wire::ActivityRow> proofs_;  // what each proved last
  std::map<std::string, dev_t> ttys_;
  Rehearsal rehearsal_;
};

}  // namespace

Facts facts_of(const wire::ActivityRow& row) {
  Facts facts;
  facts.family = row.service;
  // Of these families there are several.
  if (row.service != "sudo" && row.service != "su") facts.pam_service = row.service;
  facts.subject = row.uid;
  facts.tty = row.tty;
  policy::CommandLine line = read_line(row);
  facts.command = std::move(line.command);
  facts.target_user = std::move(line.target_user);
  facts.target_uid = line.target_uid;
  if (!row.target_user.empty()) facts.target_user = row.target_user;
  return facts;
}

double a_day(const Rehearsal& rehearsal, std::uint64_t count) {
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t seconds = std::max(rehearsal.until - rehearsal.since, kDay);
  return static_cast<double>(count) * kDay / static_cast<double>(seconds);
}

Rehearsal replay(const rules::RuleSet& set, std::span<const PastDecision> past,
                 const Holdings& holdings, std::int64_t now) {
  Replay rehearsing(set, holdings, now);
  for (const PastDecision& decision : past) rehearsing.add(decision);
  return rehearsing.take();
}

}  // namespace stepup::ctl
