// SPDX-License-Identifier: ISC
// What each worked drop-in of conf/ asks of whom.  Runs from the top of the source tree.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/small_file.h"
#include "stepupd/policy/join.h"
#include "stepupd/policy/network.h"
#include "stepupd/rules/rules.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::rules;
using policy::Facts;

namespace {

constexpr uid_t kAlice = 1000;  // an administrator
constexpr uid_t kBob = 1001;    // in no group that counts
constexpr uid_t kRunner = 990;  // a service account
constexpr gid_t kAdmins = 10;
constexpr gid_t kServices = 20;

// As the daemon does, but from a table.
void resolve(std::vector<policy::Principal>& principals) {
  for (policy::Principal& who : principals) {
    who.lookup = policy::Principal::Lookup::Found;
    for (const char* name : {"admins", "cde-admins", "wheel"}) {
      if (who.name == name) who.id = kAdmins;
    }
    for (const char* name : {"service-accounts", "automation"}) {
      if (who.name == name) who.id = kServices;
    }
    if (who.name == "root") who.id = 0;
    if (who.name == "postgres") who.id = 105;
    CHECK_TEXT(who.id != kNoUid, who.name.c_str());
  }
}

RuleSet load(const char* name) {
  const std::string path = std::string("conf/stepupd.conf.d/") + name + ".conf.example";
  const auto text = read_small_file(path.c_str(), kMaxFileSize);
  CHECK_TEXT(text.has_value(), name);
  auto set = parse({
      {"stepupd.conf", "# the example alone\n"},
      {path,           *text                  }
  });
  CHECK_TEXT(set.has_value(), set ? name : to_string(set.error().front()).c_str());
  for (policy::Rule& rule : set->rules) {
    for (auto* list : {&rule.user, &rule.target_user, &rule.except_user}) resolve(*list);
  }
  return *std::move(set);
}

// A Wednesday at 10:00, here, at the console.
Facts by(std::string_view family, uid_t who) {
  Facts facts;
  facts.family = facts.pam_service = family;
  facts.subject = who;
  facts.groups = std::vector<gid_t>{who == kAlice ? kAdmins : who == kRunner ? kServices : who};
  facts.target_user = "root";
  facts.target_uid = 0;
  facts.target_gid = 0;
  facts.target_groups = std::vector<gid_t>{0};
  facts.source = policy::LoginSource{};
  facts.remote = false;
  facts.tty = "pts/3";
  facts.login_methods = std::vector<std::string>{};
  facts.now = policy::Moment{1'795'600'800, {}};
  return facts;
}
Facts from(const char* address, Facts facts) {
  facts.source = policy::LoginSource{*policy::parse_address(address)};
  facts.remote = true;
  return facts;
}
Facts to_postgres(Facts facts) {
  facts.target_user = "postgres";
  facts.target_uid = 105;
  facts.target_gid = 105;
  facts.target_groups = std::vector<gid_t>{105};
  return facts;
}
Facts tagged(const char* tag, Facts facts) {
  facts.host_tags = {tag};
  return facts;
}
Facts at_night(Facts facts) {
  facts.now->unix_seconds += 10 * 3600;
  return facts;
}
Facts without_tty(Facts facts) {
  facts.tty = "";
  return facts;
}

// "otp within 5min, scope tty"; "refused"; "nothing".
std::string shown(const policy::Demand& demand) {
  if (demand.denied_by) return "refused";
  if (!demand.asks()) return "nothing";
  policy::Rule joined;
  joined.level = demand.level;
  joined.factors = demand.factors;
  joined.max_age = demand.max_age;
  joined.max_idle = demand.max_idle;
  joined.scope = demand.scope;
  return describe(joined);
}

struct Row {
  const char* who;
  Facts facts;
  const char* want;
  const char* on_trial = nullptr;  // and with what is only reported, where that differs
};

void check(const char* name, const std::vector<Row>& table) {
  const RuleSet set = load(name);
  for (const Row& row : table) {
    const policy::Joined joined = policy::join(set.rules, row.facts);
    STRCMP_EQUAL_TEXT(row.want, shown(joined.enforced).c_str(), row.who);
    STRCMP_EQUAL_TEXT(row.on_trial == nullptr ? row.want : row.on_trial,
                      shown(joined.reported).c_str(), row.who);
  }
}

}  // namespace

TEST_GROUP(RulesExamples){};

TEST(RulesExamples, Laptop) {
  check("10-laptop", {
                         {"at the laptop", by("sudo", kAlice),
                          "otp within 8h, idle for at most 1h, scope session"},
                         {"its desktop", by("polkit-1", kAlice),
                          "otp within 8h, idle for at most 1h, scope session"},
                         {"over ssh", from("198.51.100.7", by("sudo", kAlice)),
                          "otp within 5min, idle for at most 1h, scope tty"},
                         {"a login", by("sshd", kAlice), "nothing"},
  });
}

TEST(RulesExamples, Bastion) {
  check("20-bastion",
        {
            {"an administrator logs in",          from("192.0.2.9",             by("sshd",        kAlice)),
             "otp within 15min, scope session"                                                                       },
            {"somebody else does",                from("192.0.2.9",             by("sshd",        kBob)),   "nothing"},
            {"an administrator, from the office", from("192.0.2.9",             by("sudo",        kAlice)),
             "otp within 5min, scope tty"                                                                            },
            {"the same over IPv6",                from("2001:db8:1::9",         by("su",          kAlice)),
             "otp within 5min, scope tty"                                                                            },
            {"an administrator, from outside",    from("198.51.100.7",          by("sudo",        kAlice)),
             "otp every time, scope tty"                                                                             },
            {"somebody else, to root",            from("192.0.2.9",             by("sudo",        kBob)),   "refused"},
            {"somebody else, to a service",       to_postgres(from("192.0.2.9", by("sudo",        kBob))),
             "otp within 5min, scope tty"                                                                            },
            {"a command over ssh",                from("192.0.2.9",             by("ssh-command", kBob)),
             "otp within 5min, scope tty"                                                                            },
  });
}

TEST(RulesExamples, Database) {
  check(
      "30-database",
      {
          {"to root",                  tagged("db",  by("sudo",             kAlice)),  "otp within 15min, scope session"},
          {"to the owner of the data", tagged("db",  to_postgres(by("sudo", kAlice))),
           "otp within 15min, idle for at most 30min, scope tty"                                                        },
          {"at night",                 tagged("db",  at_night(by("sudo",    kAlice))), "otp every time, scope session"  },
          {"another host",             tagged("web", by("sudo",             kAlice)),  "nothing"                        },
  });
}

TEST(RulesExamples, Ci) {
  check("40-ci", {
                     {"a person", by("sudo", kAlice), "otp within 1h, scope session"},
                     {"a job", without_tty(by("sudo", kRunner)), "nothing"},
                     {"a job, from the build controller",
                      from("192.0.2.3", without_tty(by("sudo", kRunner))), "nothing"},
                     {"a service account on a terminal", by("sudo", kRunner), "refused"},
                     {"a service account from elsewhere",
                      from("198.51.100.7", without_tty(by("sshd", kRunner))), "refused"},
  });
}

TEST(RulesExamples, PciDss) {
  constexpr const char* kAdmin =
      "otp by totp, hotp, yubico_otp, fido2 within 8h, idle for at most 15min, scope tty";
  check("50-pci-dss", {
                          {"a login", tagged("cde", from("192.0.2.9", by("sshd", kBob))),
                           "otp every time, scope session"},
                          {"an administrator", tagged("cde", by("sudo", kAlice)), kAdmin},
                          {"an administrator's command over ssh",
                           tagged("cde", by("ssh-command", kAlice)), kAdmin},
                          {"somebody else", tagged("cde", by("su", kBob)),
                           "otp within 8h, idle for at most 15min, scope tty"},
                          {"a host without cardholder data", by("sudo", kAlice), "nothing"},
  });
}

TEST(RulesExamples, Nist80063b) {
  check("60-nist-800-63b-4",
        {
            {"AAL2", tagged("aal2", by("sudo", kAlice)),
             "otp within 1d, idle for at most 1h, scope session"},
            {"AAL3", tagged("aal3", by("sudo", kAlice)),
             "touch+uv by fido2 within 12h, idle for at most 15min, scope session"},
            {"another host", by("sudo", kAlice), "nothing"},
  });
  check("61-nist-800-63b-3",
        {
            {"AAL2", tagged("aal2", by("su", kAlice)),
             "otp within 12h, idle for at most 30min, scope session"},
            {"AAL3", tagged("aal3", by("su", kAlice)),
             "touch+uv by fido2 within 12h, idle for at most 15min, scope session"},
            {"another host", by("su", kAlice), "nothing"},
  });
}

TEST(RulesExamples, FreshCodeForRoot) {
  check("20-fresh-code-for-root",
        {
            {"a member of wheel", by("sudo",             kAlice),  "otp every time, scope session"},
            {"and by su",         by("su",               kAlice),  "otp every time, scope session"},
            {"to postgres",       to_postgres(by("sudo", kAlice)), "nothing"                      },
            {"somebody else",     by("sudo",             kBob),    "nothing"                      },
            {"a login",           by("sshd",             kAlice),  "nothing"                      },
  });
}

TEST(RulesExamples, EachTerminal) {
  check("30-each-terminal",
        {
            {"everybody",   by("sudo",           kBob),    "otp within 15min, scope tty"},
            {"to postgres", to_postgres(by("su", kBob)),   "otp within 15min, scope tty"},
            {"automation",  by("sudo",           kRunner), "nothing"                    },
            {"a login",     by("sshd",           kBob),    "nothing"                    },
  });
}

TEST(RulesExamples, Trial) {
  check("90-trial",
        {
            {"everybody", by("sudo", kBob), "nothing", "otp within 5min, scope session"},
            {"a login", by("sshd", kBob), "nothing"},
  });
}

TEST(RulesExamples, HaveATableEach) {
  const auto source = read_small_file("tests/unit/rules_examples_test.cc", kMaxFileSize);
  CHECK_TRUE(source.has_value());
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator("conf/stepupd.conf.d")) {
    const std::string file = entry.path().filename();
    const std::string name = file.substr(0, file.find('.'));
    CHECK_TEXT(source->contains("\"" + name + "\""), name.c_str());
    ++seen;
  }
  CHECK_TRUE(seen >= 10);
}
