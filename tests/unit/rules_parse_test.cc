// SPDX-License-Identifier: ISC
#include <chrono>
#include <string>
#include <vector>

#include "tests/unit/rules_bench.h"

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::rules;
using policy::Principal;

namespace {

// toml11 before its version 4 and since has words of its own for what is not TOML.
#if __has_include(<toml11/version.hpp>)
constexpr bool kIsToml11V4 = true;
#else
constexpr bool kIsToml11V4 = false;
#endif

}  // namespace

TEST_GROUP(RulesParse){};

TEST(RulesParse, ReadsEveryKey) {
  const auto set = parse(main_file(R"(
mode = "monitor"
unenrolled = "allow-until 2026-12-31"
verify_session = true
source_reuse = "15min"
admin_group = "wheel"
[attempts]
max_failures = 3
max_backoff = "1h"
[host]
rp_id = "example.org"
tags = ["db", "rack:7"]
[fido2]
enabled = false
devices = ["/dev/hidraw9"]
aaguids = ["2FC0579f-8113-47ea-b116-bb5a8db9202a"]
[login]
sk_requires_touch = true
[activity]
keep = "7d"
arguments = true
[[rule]]
name = "all"
service = ["sudo", "su"]
pam_service = ["sudo-i"]
user = ["alice", "@wheel", "Zo\u00EB", 'CORP\bob']
target_user = ["root", "@dba"]
command = ["/usr/bin/psql *"]
host_tag = ["db"]
source = ["192.0.2.0/24"]
remote = true
tty = ["pts/*"]
login_method = ["pwd"]
time = ["mon 08:00-18:00"]
factors = ["fido2"]
max_idle = "10min"
deny = "Not today."
except_command = ["sudoedit /etc/motd"]
except_source = ["::1"]
except_user = ["@oncall"]
level = "touch+uv"
max_age = "90s"
scope = "tty"
login_counts = true
enforce = false
[[rule]]
level = "none"
name = "least"
)"));
  CHECK_TRUE(set.has_value());
  const Settings want{
      Mode::Monitor,
      {true, 1798761600}, // date -ud 2027-01-01 +%s
      true,
      3,
      15min,
      1h,
      {"db", "rack:7"},
      "example.org",
      11,
      Language::English,
      false,
      false,
      {"/dev/hidraw9"},
      {"2fc0579f-8113-47ea-b116-bb5a8db9202a"},
      true,
      "wheel",
      7 * 24h,
      true
  };
  CHECK_TRUE(set->settings == want);
  CHECK_TRUE(set->masked.empty());
  CHECK_EQUAL(2U, set->rules.size());

  policy::Rule all;
  all.name = "all";
  all.origin = "stepupd.conf:22";
  all.service = {"sudo", "su"};
  all.pam_service = {"sudo-i"};
  for (const char* user : {"alice", "wheel", "Zo\xc3\xab", "CORP\\bob"}) {
    all.user.push_back({Principal::Kind::User, user});
  }
  all.user[1].kind = Principal::Kind::Group;
  all.target_user = {
      {Principal::Kind::User,  "root"},
      {Principal::Kind::Group, "dba" }
  };
  all.command = {
      {"/usr/bin/psql *", {"/usr/bin/psql", "*"}}
  };
  all.host_tag = {"db"};
  all.source = {*policy::parse_network("192.0.2.0/24")};
  all.remote = true;
  all.tty = {"pts/*"};
  all.login_method = {"pwd"};
  all.time = {*policy::parse_time_window("mon 08:00-18:00")};
  all.factors = {FactorKind::Fido2};
  all.max_idle = 10min;
  all.deny = "Not today.";
  all.except_command = {
      {"sudoedit /etc/motd", {"sudoedit", "/etc/motd"}}
  };
  all.except_source = {*policy::parse_network("::1")};
  all.except_user = {
      {Principal::Kind::Group, "oncall"}
  };
  all.level = Level::TouchWithUv;
  all.max_age = 90s;
  all.scope = Scope::Tty;
  all.login_counts = true;
  all.enforce = false;
  CHECK_TRUE(set->rules[0] == all);

  policy::Rule least;
  least.name = "least";
  least.origin = "stepupd.conf:46";
  least.level = Level::None;
  CHECK_TRUE(set->rules[1] == least);
}

TEST(RulesParse, TakesWhatTomlAllows) {
  const char* const texts[] = {
      "# no rule at all",
      "[attempts]\n",
      "attempts = {max_failures = 3, max_backoff = '1s'}",
      "attempts.max_failures = 20",
      "rule = [{name = 'a', level = 'otp'}, {name = 'b', level = 'touch'}]",
      "rule = []",
      "mode = 'enforce'\r\n[[rule]]\r\nname = 'a'\r\nlevel = 'otp'\r\n",
      "unenrolled = \"deny\"  # no newline at the end",
      "[[rule]]\nname = '''a'''\nlevel = \"\"\"otp\"\"\"\nuser = [\n  'a', # [[[\n  'b',\n]\n",
  };
  for (const char* text : texts) check_main({text, ""});
}

TEST(RulesParse, TakesTagsFromFilesOfTagsD) {
  auto files = main_file("host.tags = ['db']\n");
  files.push_back({"/etc/stepup/tags.d/10-cm.conf", "# by the fleet\n prod \r\n\nrack:7#here"});
  files.push_back({"/etc/stepup/tags.d/20.conf", ""});
  const auto set = parse(files);
  CHECK_TRUE(set.has_value());
  CHECK_TRUE((set->settings.tags == std::vector<std::string>{"db", "prod", "rack:7"}));
  files[1].text = "ok\n\n  two words\n";
  STRCMP_EQUAL(
      "/etc/stepup/tags.d/10-cm.conf:3:3: \"two words\" is no tag: it takes up to 64 letters, "
      "digits and any of . _ : - of ASCII",
      problems_of(files).c_str());
  files[1].text = std::string(65, 'x');
  STRCMP_CONTAINS("is no tag", problems_of(files).c_str());
}

TEST(RulesParse, SaysWhereTextIsNotToml) {
  struct CaseOfBoth {
    const char* text;
    const char* want;
    const char* want_v4;
  };
  const CaseOfBoth cases[] = {
      {"mode = enforce",
       "1:8: not TOML: bad format: unknown value appeared (text stands in quotes)",                                            "1:8: not TOML: bad format: unknown value appeared (text stands in quotes)"},
      {"\n\nmode = 'a' x",                             "3:12: not TOML: invalid line format (expected newline, but got 'x'.)",
       "3:12: not TOML: newline (LF / CRLF) or EOF is expected"                                                                                                                                           },
      {"mode = \"a",                                   "1:8: not TOML: the next token is not a valid string",
       "1:10: not TOML: invalid string format (expected \")"                                                                                                                                              },
      {"mode = 'a'\nmode = 'b'",
       "2:8: not TOML: insert_value: value (\"mode\") already exists. (value defined twice)",                                  "2:1: not TOML: insert_value: failed to insert a value, value already exists (inserting "
       "this)"                                                                                               },
      {"[attempts]\n[attempts]\n",
       "2:1: not TOML: insert_value: table (\"attempts\") already exists. (table defined twice)",                              "2:1: not TOML: insert_value: failed to insert a table, table already defined (inserting "
       "this)"                                                                                           },
      {"attempts.max_failures = 05",                   "1:25: not TOML: bad integer: leading zero",
       "1:26: not TOML: bad integer: invalid digit after an integer (this digit is not allowed)"                                                                                                          },
      {"attempts.max_failures = 9223372036854775808",  "1:25: max_failures takes 1 to 20",
       "1:44: not TOML: too large integer: current max digits = 2^63 (must be < 2^63)"                                                                                                                    },
      {"attempts.max_failures = -9223372036854775809", "1:25: max_failures takes 1 to 20",
       "1:45: not TOML: too large integer: current max digits = 2^63 (must be < 2^63)"                                                                                                                    },
  };
  for (const CaseOfBoth& c : cases) {
    const std::string want = std::string("stepupd.conf:") + (kIsToml11V4 ? c.want_v4 : c.want);
    check_main({c.text, want.c_str()});
  }
}

TEST(RulesParse, LetsADropInHoldNothingButRules) {
  const SourceFile conf{"stepupd.conf", "#"};
  const TextCase cases[] = {
      {"[[rule]]\nname = 'a'\nlevel = 'otp'", ""                                                                    },
      {"",                                    ""                                                                    },
      {"mode = 'monitor'",
       "10.conf:1:8: \"mode\" stands only in stepupd.conf: a drop-in holds only [[rule]]"                           },
      {"unenrolled = 'deny'",
       "10.conf:1:14: \"unenrolled\" stands only in stepupd.conf: a drop-in holds only [[rule]]"                    },
      {"[attempts]\nmax_failures = 9",
       "10.conf:1:1: \"attempts\" stands only in stepupd.conf: a drop-in holds only [[rule]]"                       },
      {"max_failures = 9",                    "10.conf:1:16: \"max_failures\" belongs in [attempts] of stepupd.conf"},
      {"[host]\nrp_id = 'x'",
       "10.conf:1:1: \"host\" stands only in stepupd.conf: a drop-in holds only [[rule]]"                           },
      {"[fido2]\nenabled = false",
       "10.conf:1:1: \"fido2\" stands only in stepupd.conf: a drop-in holds only [[rule]]"                          },
      {"rp_id = 'x'",                         "10.conf:1:9: \"rp_id\" belongs in [host] of stepupd.conf"            },
      {"[[rul]]\n",                           "10.conf:1:1: unknown key \"rul\": did you mean \"rule\"?"            },
      {"failmode = 'open'",                   "10.conf:1:12: unknown key \"failmode\""                              },
  };
  for (const TextCase& c : cases) {
    STRCMP_EQUAL_TEXT(c.want,
                      problems_of({
                                      conf, {"10.conf", c.text}
    })
                          .c_str(),
                      c.text);
  }
}

TEST(RulesParse, ReportsEveryFileInItsOrder) {
  STRCMP_EQUAL(
      "stepupd.conf:1:5: unknown key \"z\"\n"
      "stepupd.conf:2:5: unknown key \"a\"\n"
      "stepupd.conf:4:1: a [[rule]] without a name\n"
      "stepupd.conf:5:9: level takes \"none\", \"otp\", \"touch\" or \"touch+uv\", not \"x\"\n"
      "10.conf:1:5: not TOML: bad format: unknown value appeared (text stands in quotes)\n"
      "20.conf:2:1: a NUL byte",
      problems_of({
                      {"stepupd.conf", "z = 1\na = 1\n\n[[rule]]\nlevel = 'x'\n"},
                      {"10.conf", "a = b"},
                      {"20.conf", std::string("\n\0", 2)}
  })
          .c_str());
}

TEST(RulesParse, RefusesAnEmptyMainFile) {
  for (const char* text : {"", "\n", " \t\r\n"}) check_main({text, "stepupd.conf: empty"});
  STRCMP_EQUAL("stepupd.conf: missing", problems_of({}).c_str());
}

TEST(RulesParse, ListsWhatIsMasked) {
  const std::string rule = "[[rule]]\nname = 'a'\nlevel = 'otp'\n";
  const auto set = parse({
      {"stepupd.conf", "#"},
      {"/etc/10.conf", "", "/usr/lib/10.conf"},
      {"/etc/20.conf", "# nothing", "/usr/lib/20.conf"},
      {"/etc/30.conf", rule, "/usr/lib/30.conf"},
      {"/etc/40.conf", ""}
  });
  CHECK_TRUE((set->masked == std::vector<std::string>{"/usr/lib/10.conf", "/usr/lib/20.conf"}));
  STRCMP_EQUAL("30.conf:1", set->rules.at(0).origin.c_str());
}

TEST(RulesParse, DescribesADemandAndAProblem) {
  policy::Rule rule;
  STRCMP_EQUAL("otp within 15min, scope session", describe(rule).c_str());
  rule.level = Level::TouchWithUv;
  rule.max_age = 0s;
  rule.scope = Scope::Process;
  rule.enforce = false;
  STRCMP_EQUAL("touch+uv every time, scope process, reported only", describe(rule).c_str());
  STRCMP_EQUAL("a\\x0a:3:7: x", to_string(Problem{"a\n", 3, 7, "x"}).c_str());
  STRCMP_EQUAL("a:3: x", to_string(Problem{"a", 3, 0, "x"}).c_str());
  STRCMP_EQUAL("a: x", to_string(Problem{"a", 0, 0, "x"}).c_str());
  STRCMP_EQUAL("x", to_string(Problem{"", 0, 0, "x"}).c_str());
  STRCMP_EQUAL("monitor", to_string(Mode::Monitor));
  STRCMP_EQUAL("enforce", to_string(Mode::Enforce));
}
