// SPDX-License-Identifier: ISC
#include "stepupd/daemon/status_report.h"

#include <sys/sysmacros.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "stepupd/base/local_time.h"
#include "stepupd/base/printable.h"
#include "stepupd/daemon/step_up.h"
#include "stepupd/session/login_origin.h"
#include "stepupd/wire/control_terms.h"

namespace stepup::daemon {
namespace {

// With these, the largest report fits into a packet.
constexpr std::size_t kMaxRemarks = 32;
constexpr std::size_t kMaxRemark = 512;

std::string place_of(const session::Asker& asker) {
  const std::string place =
      asker.login_session.empty() ? "no login session" : "login session " + asker.login_session;
  if (asker.where.tty == 0) return place + ", no terminal";
  return place + ", " + terminal_name(asker.where.tty);
}

// How far a grant reaches from where the asker stands; nullopt when it does not reach it.
std::optional<Scope> reach_of(const policy::Grant& grant, const Coordinates& here) {
  for (const Scope scope : {Scope::Session, Scope::Tty}) {
    if (const auto reach = policy::reach_of(grant, here, scope)) return reach;
  }
  return std::nullopt;
}

bool somebody_asks(const InForce& rules, const char* family) {
  return std::ranges::any_of(rules.set.rules, [&](const policy::Rule& rule) {
    const bool concerns =
        rule.service.empty() || std::ranges::find(rule.service, family) != rule.service.end();
    return concerns && rule.enforce && (rule.level != Level::None || rule.deny);
  });
}

// Root is told of everybody's.
void add_declared_problems(const Engine& engine, uid_t uid, wire::StatusReport& report) {
  for (const auto& [subject, problem] : engine.declared_problems) {
    if (uid != 0 && uid != subject) continue;
    report.remarks.push_back(
        "Declared security keys do not count, because their file has an error: " + problem);
  }
}

// "2026-11-24 10:00 UTC".
void add_remarks(const Engine& engine, wire::StatusReport& report) {
  if (!engine.rules) {
    report.remarks.push_back("No rules can be read, so everything that asks stepup is refused: " +
                             engine.rules_problem);
    return;
  }
  const InForce& rules = *engine.rules;
  if (rules.stale) {
    report.remarks.push_back("Stale since " + utc_time(engine.stale_since) +
                             ": these are the last good rules, because the files have an error: " +
                             rules::to_string(*rules.stale));
  }
  if (rules.set.settings.mode == rules::Mode::Monitor) {
    report.remarks.emplace_back("mode = \"monitor\": decisions are logged, nobody is asked.");
  }
  if (rules.set.settings.unenrolled.allow) {
    report.remarks.push_back("People without a factor are let through until the end of " +
                             date_of(rules.set.settings.unenrolled.until_unix - 1) + " (UTC).");
  }
  for (const char* family : {"sudo", "su"}) {
    if (!somebody_asks(rules, family)) {
      report.remarks.push_back(std::string("No rule asks for anything in ") + family +
                               ": nobody is asked there.");
    }
  }
  for (const std::string& masked : rules.set.masked) {
    report.remarks.push_back("Masked: " + masked);
  }
}

void add_login(const Engine& engine, const session::Asker& asker, BootTime now,
               wire::StatusReport& report) {
  const Login* const login = engine.ledger.logins().find(asker.where.session);
  if (login == nullptr) return;
  const bool sk_requires_touch = engine.rules && engine.rules->set.settings.sk_requires_touch;
  const policy::Grant proved = proved_by(*login, sk_requires_touch);
  const BootTime since = proved.level == Level::None ? login->at : proved.auth_time;
  report.login = {login->where.subject, login->service,
                  login->source,        login->tty,
                  methods_of(*login),   amr_of(*login, sk_requires_touch),
                  proved.level,         seconds_between(since, now)};
}

// As many rules as fit into a packet beside the rest.
void add_rules(const InForce& rules, wire::StatusReport& report) {
  constexpr std::size_t kRoom = 40 * 1024;
  std::size_t used = 0;
  for (const policy::Rule& rule : rules.set.rules) {
    const std::string demand =
        rules::describe(rule) + " (" + rules::describe_conditions(rule) + ")";
    wire::RuleRow row{printable(rule.name, wire::kMaxName), printable(demand, wire::kMaxText),
                      printable(rule.origin, wire::kMaxText), rule.enforce};
    used += row.name.size() + row.demand.size() + row.origin.size();
    if (used > kRoom || report.rules.size() >= wire::kMaxRows) {
      report.remarks.emplace_back("There are more rules than are shown here.");
      return;
    }
    report.rules.push_back(std::move(row));
  }
}

}  // namespace

std::string terminal_name(dev_t tty) {
  if (auto name = session::terminal_name(tty)) return std::move(*name);
  return "terminal " + std::to_string(major(tty)) + ":" + std::to_string(minor(tty));
}

std::uint64_t seconds_between(BootTime since, BootTime now) {
  const auto age = std::chrono::floor<std::chrono::seconds>(now - since).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0));
}

wire::StatusReport status_report(const Engine& engine, const session::Asker& asker, uid_t uid,
                                 const std::string& trouble) {
  wire::StatusReport report;
  report.daemon_version = STEPUP_VERSION;
  report.session = place_of(asker);
  Coordinates here = asker.where;
  here.subject = uid;
  const BootTime now = boot_now();
  for (const policy::Grant& grant : engine.ledger.of(uid)) {
    const auto reach = reach_of(grant, here);
    if (!reach || report.grants.size() >= wire::kMaxRows) continue;
    report.grants.push_back(
        {grant.level, grant.factor, *reach, seconds_between(grant.auth_time, now)});
  }
  add_login(engine, asker, now, report);
  report.activity = engine.activity.of(uid, asker.where.session, now);
  if (!trouble.empty()) {
    report.remarks.push_back("Codes are refused: " + trouble +
                             ". See stepupd(8), SEALING KEY AND BACKUP.");
  }
  add_remarks(engine, report);
  add_declared_problems(engine, uid, report);
  if (engine.rules) {
    report.rules_digest = engine.rules->digest;
    add_rules(*engine.rules, report);
  }
  if (report.remarks.size() > kMaxRemarks) report.remarks.resize(kMaxRemarks);
  for (std::string& remark : report.remarks) remark = printable(remark, kMaxRemark);
  return report;
}

}  // namespace stepup::daemon
