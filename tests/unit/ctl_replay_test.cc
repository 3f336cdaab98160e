// SPDX-License-Identifier: ISC
// What other rules would have made of recorded decisions.
#include <optional>
#include <string>
#include <vector>

#include "stepupd/ctl/replay.h"
#include "stepupd/ctl/report.h"
#include "stepupd/policy/command.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::ctl;

namespace {

constexpr uid_t kAlice = 1000;
constexpr std::int64_t kNoon = 1'795'780'800;
constexpr std::int64_t kMinute = 60;

policy::Rule asks(BootTime max_age = 15min) {
  policy::Rule rule;
  rule.name = "ask";
  rule.level = Level::Otp;
  rule.max_age = max_age;
  return rule;
}

rules::RuleSet set_of(std::vector<policy::Rule> rules) {
  rules::RuleSet set;
  set.rules = std::move(rules);
  return set;
}

// "sudo apt-get", which was not asked for.
wire::ActivityRow ran(std::int64_t at) {
  wire::ActivityRow row;
  row.at = at;
  row.user = "alice";
  row.uid = kAlice;
  row.session = {SessionKey::Kind::Audit, 7};
  row.tty = "pts/0";
  row.service = "sudo";
  row.phase = "account";
  row.command = "apt-get";
  row.digest = "00";
  row.verdict = "not-required";
  row.reason = "no-rule";
  return row;
}

wire::ActivityRow refused(std::int64_t at, const char* reason) {
  wire::ActivityRow row = ran(at);
  row.verdict = "denied";
  row.reason = reason;
  return row;
}

PersonTally of_alice(const Rehearsal& rehearsal) { return rehearsal.people.at(kAlice); }

}  // namespace

TEST_GROUP(Replay) {
  Holdings holdings;

  Rehearsal rehearse(const rules::RuleSet& set, const std::vector<wire::ActivityRow>& rows) {
    std::vector<PastDecision> past;
    for (const wire::ActivityRow& row : rows) {
      past.push_back({row, facts_of(row)});
      past.back().facts.groups.emplace();
    }
    return replay(set, past, holdings, kNoon + 7 * 86'400);
  }
  PersonTally tally(const rules::RuleSet& set, const std::vector<wire::ActivityRow>& rows) {
    return of_alice(rehearse(set, rows));
  }
};

TEST(Replay, AsksAgainOnceAProofIsTooOldIdleOrElsewhere) {
  auto idle = asks(60min);
  idle.max_idle = 10min;
  auto on_tty = asks();
  on_tty.scope = Scope::Tty;
  auto elsewhere = ran(kNoon + 1);
  elsewhere.tty = "pts/1";
  auto other_session = ran(kNoon + 1);
  other_session.session.id = 8;
  auto cron = ran(kNoon);
  cron.session = {};
  const struct {
    const char* name;
    policy::Rule rule;
    std::vector<wire::ActivityRow> rows;
    std::uint64_t prompts;
  } kCases[] = {
      {"fresh",               asks(),   {ran(kNoon), ran(kNoon + 15 * kMinute - 1)},                       1},
      {"stale at max_age",    asks(),   {ran(kNoon), ran(kNoon + 15 * kMinute)},                           2},
      {"use keeps from idle",
       idle,                            {ran(kNoon), ran(kNoon + 9 * kMinute), ran(kNoon + 18 * kMinute)},
       1                                                                                                    },
      {"idle",                idle,     {ran(kNoon), ran(kNoon + 10 * kMinute)},                           2},
      {"another terminal",    on_tty,   {ran(kNoon), elsewhere},                                           2},
      {"the whole session",   asks(),   {ran(kNoon), elsewhere},                                           1},
      {"another session",     asks(),   {ran(kNoon), other_session},                                       2},
      {"in no session",       asks(),   {cron, cron},                                                      2},
      {"every time",          asks(0s), {ran(kNoon), ran(kNoon + 1)},                                      2},
  };
  for (const auto& c : kCases) {
    LONGS_EQUAL_TEXT(c.prompts, tally(set_of({c.rule}), c.rows).prompts_after, c.name);
  }
}

TEST(Replay, CountsOneCommandOnceThoughTwoPhasesDecideIt) {
  auto in_auth = ran(kNoon);
  in_auth.phase = "auth";
  auto plugin = ran(kNoon + 1);
  plugin.phase = "approval";
  auto other = plugin;
  other.digest = "01";
  LONGS_EQUAL(1, tally(set_of({asks(0s)}), {in_auth, ran(kNoon), plugin}).prompts_after);
  LONGS_EQUAL(2, tally(set_of({asks(0s)}), {in_auth, ran(kNoon), plugin, plugin}).prompts_after);
  LONGS_EQUAL(2, tally(set_of({asks(0s)}), {ran(kNoon), other}).prompts_after);
}

TEST(Replay, CountsBeforeWhatIsRecordedAndTakesAFailureForAFailureAgain) {
  auto proved = ran(kNoon);
  proved.verdict = "granted";
  proved.reason = "proved";
  proved.factor = "totp";
  const auto seen =
      tally(set_of({asks()}),
            {refused(kNoon - 3, "wrong-code"), refused(kNoon - 2, "refused-before"),
             refused(kNoon - 1, "no-conversation"), proved, refused(kNoon + 1, "rule-denies")});
  LONGS_EQUAL(2, seen.prompts_before);
  LONGS_EQUAL(3, seen.refusals_before);
  LONGS_EQUAL(2, seen.prompts_after);   // the rule that denied is gone, and the proof still fresh
  LONGS_EQUAL(2, seen.refusals_after);  // the wrong code, and nobody there to ask
  LONGS_EQUAL(5, seen.decisions);
}

TEST(Replay, RefusesWhatRulesDenyOrNoFactorMeets) {
  auto deny = asks();
  deny.deny = "not here";
  LONGS_EQUAL(1, tally(set_of({deny}), {ran(kNoon)}).refusals_after);
  auto touch = asks();
  touch.level = Level::Touch;
  rules::RuleSet set = set_of({touch});
  LONGS_EQUAL(1, tally(set, {ran(kNoon)}).prompts_after);  // not known what she has
  holdings[kAlice] = {FactorKind::Totp};
  auto seen = tally(set, {ran(kNoon)});
  LONGS_EQUAL(1, seen.unmet);
  LONGS_EQUAL(1, seen.refusals_after);
  LONGS_EQUAL(0, seen.prompts_after);

  set.settings.unenrolled = {true, kNoon + 30 * 86'400};
  seen = tally(set, {ran(kNoon)});
  LONGS_EQUAL(1, seen.unmet);
  LONGS_EQUAL(0, seen.refusals_after);
  LONGS_EQUAL(1, seen.prompts_after);  // for the code that she has
  holdings[kAlice] = {};
  LONGS_EQUAL(0, tally(set, {ran(kNoon)}).prompts_after);
  holdings[kAlice] = {FactorKind::Fido2};
  LONGS_EQUAL(0, tally(set, {ran(kNoon)}).unmet);
}

TEST(Replay, PassesRootAndListingsAsStepupdDoes) {
  auto as_root = ran(kNoon);
  as_root.uid = 0;
  LONGS_EQUAL(0, rehearse(set_of({asks()}), {as_root}).people.at(0).prompts_after);
  auto names_root = asks();
  names_root.user = {
      {policy::Principal::Kind::User, "root", policy::Principal::Lookup::Found, 0, true}
  };
  LONGS_EQUAL(1, rehearse(set_of({names_root}), {as_root}).people.at(0).prompts_after);
  auto listing = ran(kNoon);
  listing.reason = "only-lists";
  LONGS_EQUAL(0, tally(set_of({asks()}), {listing}).prompts_after);
}

TEST(Replay, SaysWhatIsUncertainAndCountsItAsTheStricter) {
  const auto rule_for = [](const char* pattern) {
    auto rule = asks();
    rule.command = {*policy::parse_command_pattern(pattern)};
    return rule;
  };
  auto with_arguments = ran(kNoon);
  with_arguments.arguments = "apt-get update";
  auto quoted = ran(kNoon);
  quoted.arguments = "apt-get \"up date\"";
  auto shell = ran(kNoon);
  shell.command = "";
  auto su = ran(kNoon);
  su.service = "su";
  su.command = "";
  auto from = asks();
  from.source = {*policy::parse_network("192.0.2.0/24")};
  auto i_service = asks();
  i_service.pam_service = {"sudo-i"};
  auto excepts = asks();
  excepts.except_command = {*policy::parse_command_pattern("/usr/bin/apt-get update")};
  auto by_login = asks();
  by_login.login_counts = true;
  const struct {
    const char* name;
    std::vector<policy::Rule> rules;
    wire::ActivityRow row;
    std::uint64_t prompts;
    const char* uncertain;
  } kCases[] = {
      {"another program",         {rule_for("/usr/bin/psql")},            ran(kNoon),     0, ""              },
      {"perhaps this program",    {rule_for("/usr/bin/apt-get")},         ran(kNoon),     1, "command"       },
      {"its arguments, too",      {rule_for("/usr/bin/apt-get -y")},      ran(kNoon),     1, "command"       },
      {"other arguments",         {rule_for("/usr/bin/apt-get -y")},      with_arguments, 0, ""              },
      {"perhaps other arguments", {rule_for("/usr/bin/apt-get -y")},      quoted,         1, "command"       },
      {"every command",           {rule_for("/usr/bin/psql")},            shell,          1, ""              },
      {"su may run any",          {rule_for("/usr/bin/psql")},            su,             1, "command"       },
      {"the same demand anyway",  {rule_for("/usr/bin/apt-get"), asks()}, ran(kNoon),     1, ""              },
      {"from where",              {from},                                 ran(kNoon),     1, "source"        },
      {"of which service",        {i_service},                            ran(kNoon),     1, "pam_service"   },
      {"perhaps excepted",        {excepts},                              ran(kNoon),     1, "except_command"},
      {"what the login proved",   {by_login},                             ran(kNoon),     1, "login_counts"  },
      {"for certain",             {asks()},                               ran(kNoon),     1, ""              },
  };
  for (const auto& c : kCases) {
    const Rehearsal rehearsal = rehearse(set_of(c.rules), {c.row});
    LONGS_EQUAL_TEXT(c.prompts, of_alice(rehearsal).prompts_after, c.name);
    const std::string lost = rehearsal.not_recorded.empty() ? "" : *rehearsal.not_recorded.begin();
    STRCMP_EQUAL_TEXT(c.uncertain, lost.c_str(), c.name);
    LONGS_EQUAL_TEXT(lost.empty() ? 0 : 1, of_alice(rehearsal).uncertain, c.name);
  }
}

TEST(Replay, IsShownByTheDayForEachPerson) {
  holdings[kAlice] = {};
  auto rehearsal = rehearse(set_of({asks(0s)}), {ran(kNoon), ran(kNoon + 1), ran(kNoon + 2)});
  rehearsal.remarks = {"Take care."};
  rehearsal.not_recorded = {"command", "source"};
  const std::string text = render(rehearsal);
  STRCMP_CONTAINS(
      "USER   DECISIONS  PROMPTS A DAY  REFUSALS  WITHOUT A FACTOR  UNCERTAIN\n"
      "alice  3          0.0 -> 0.0     0 -> 3    3                 0\n"
      "From ",
      text.c_str());
  STRCMP_CONTAINS(
      "Uncertain is what hangs on facts that are not recorded, for: command, source. They are "
      "counted as the stricter.\nTake care.\n",
      text.c_str());
  holdings.clear();
  STRCMP_CONTAINS(
      "alice  3          0.0 -> 0.4     0 -> 0    ?",
      render(rehearse(set_of({asks(0s)}), {ran(kNoon), ran(kNoon), ran(kNoon)})).c_str());
  STRCMP_EQUAL("Nothing was decided.\n", render(Rehearsal{}).c_str());
}

TEST(Replay, ShortRecordsAreNotMadeIntoManyADay) {
  Rehearsal hour;
  hour.since = kNoon;
  hour.until = kNoon + 3600;
  DOUBLES_EQUAL(2.0, a_day(hour, 2), 0.001);
  hour.until = kNoon + 2 * 86'400;
  DOUBLES_EQUAL(1.0, a_day(hour, 2), 0.001);
}
