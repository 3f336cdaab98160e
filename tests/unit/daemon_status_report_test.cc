// SPDX-License-Identifier: ISC
#include <algorithm>
#include <string>
#include <utility>

#include "stepupd/daemon/status_report.h"
#include "stepupd/wire/packet.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;

namespace {

session::Asker asker_at(dev_t tty) {
  session::Asker asker;
  asker.login_session = "3";
  asker.where.session = {SessionKey::Kind::Audit, 3};
  asker.where.widest = Scope::Session;
  asker.where.tty = tty;
  return asker;
}

policy::Grant grant_at(const Coordinates& where, Scope scope) {
  policy::Grant grant;
  grant.where = where;
  grant.scope = scope;
  grant.level = Level::Otp;
  return grant;
}

}  // namespace

TEST_GROUP(StatusReportOf) { Engine engine{{}, "testhost", "boot"}; };

TEST(StatusReportOf, ShowsOnlyGrantsThatReachTheAsker) {
  const session::Asker asker = asker_at(0x8801);
  Coordinates here = asker.where;
  here.subject = 1000;
  Coordinates elsewhere = here;
  elsewhere.session.id = 4;
  engine.ledger.add(grant_at(here, Scope::Tty));
  engine.ledger.add(grant_at(elsewhere, Scope::Session));
  const auto report = status_report(engine, asker, 1000);
  UNSIGNED_LONGS_EQUAL(1, report.grants.size());
  CHECK(report.grants[0].scope == Scope::Tty);
  UNSIGNED_LONGS_EQUAL(0, status_report(engine, asker, 1001).grants.size());
}

TEST(StatusReportOf, TellsOnesOwnDeclaredKeysThatDoNotCountAndRootEverybodys) {
  engine.declared_problems = {
      {1000, "/etc/stepup/credentials.d/alice.toml:3: x"},
      {1001, "/etc/stepup/credentials.d/bob.toml:4: y"  }
  };
  const auto mentions = [&](uid_t uid, const char* file) {
    const auto remarks = status_report(engine, asker_at(0), uid).remarks;
    return std::ranges::any_of(remarks, [&](const std::string& r) { return r.contains(file); });
  };
  CHECK_TRUE(mentions(1000, "alice.toml:3: x"));
  CHECK_FALSE(mentions(1000, "bob.toml"));
  CHECK_FALSE(mentions(1002, "credentials.d"));
  CHECK_TRUE(mentions(0, "alice.toml") && mentions(0, "bob.toml"));
}

TEST(StatusReportOf, SaysThatWithoutRulesEverythingIsRefused) {
  engine.rules_problem = "stepupd.conf:1:1: broken";
  const auto report = status_report(engine, asker_at(0), 1000);
  UNSIGNED_LONGS_EQUAL(1, report.remarks.size());
  STRCMP_CONTAINS("stepupd.conf:1:1: broken", report.remarks[0].c_str());
  STRCMP_EQUAL("login session 3, no terminal", report.session.c_str());
}

TEST(StatusReportOf, SaysWhenNobodyIsAsked) {
  engine.rules = std::make_shared<const InForce>();
  const auto report = status_report(engine, asker_at(0), 1000);
  UNSIGNED_LONGS_EQUAL(2, report.remarks.size());
  STRCMP_CONTAINS("sudo", report.remarks[0].c_str());
  STRCMP_CONTAINS("su", report.remarks[1].c_str());
}

TEST(StatusReportOf, FitsIntoAPacketHoweverMuchThereIs) {
  InForce rules;
  policy::Rule rule;
  rule.name = std::string(5000, '\x1b');
  rule.origin = std::string(5000, 'o');
  rule.host_tag = {std::string(5000, 'u')};
  rules.set.rules.assign(300, rule);
  rules.set.masked.assign(100, std::string(5000, 'm'));
  engine.rules = std::make_shared<const InForce>(std::move(rules));
  engine.rules_problem = std::string(100'000, 'p');
  Coordinates here = asker_at(0x8801).where;
  here.subject = 1000;
  for (dev_t tty = 1; tty <= 300; ++tty) {
    here.session.id = 3;
    here.leader = static_cast<pid_t>(tty);
    engine.ledger.add(grant_at(here, Scope::Session));
  }
  const auto report = status_report(engine, asker_at(0x8801), 1000);
  CHECK(wire::encode({}, report).has_value());
  CHECK(report.rules.size() > 10);
}

TEST(StatusReportOf, NamesTheFilesInForceAndSinceWhenTheyAreStale) {
  InForce rules;
  rules.digest = std::string(64, 'd');
  rules.stale = rules::Problem{"stepupd.conf", 3, 1, "broken"};
  engine.rules = std::make_shared<const InForce>(std::move(rules));
  engine.stale_since = 1'795'478'400;
  const auto report = status_report(engine, asker_at(0), 1000);
  STRCMP_EQUAL(std::string(64, 'd').c_str(), report.rules_digest.c_str());
  STRCMP_EQUAL(
      "Stale since 2026-11-24 00:00 UTC: these are the last good rules, because the files have an "
      "error: stepupd.conf:3:1: broken",
      report.remarks.at(0).c_str());
}
