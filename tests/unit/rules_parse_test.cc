// SPDX-License-Identifier: ISC
#include <chrono>
#include <string>
#include <vector>

#include "stepupd/rules/keys.h"
#include "stepupd/rules/rules.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::rules;
using policy::Principal;

namespace {

std::vector<SourceFile> main_file(std::string text) {
  return {
      {"stepupd.conf", std::move(text)}
  };
}

// All problems, one a line; empty when there are none.
std::string problems_of(const std::vector<SourceFile>& files) {
  const auto set = parse(files);
  std::string lines;
  if (set) return lines;
  for (const Problem& problem : set.error()) {
    if (!lines.empty()) lines += '\n';
    lines += to_string(problem);
  }
  return lines;
}

// toml11 before its version 4 and since has words of its own for what is not TOML.
#if __has_include(<toml11/version.hpp>)
constexpr bool kIsToml11V4 = true;
#else
constexpr bool kIsToml11V4 = false;
#endif

// toml11 keeps what it has built for its first text of each form, which CppUTest would take for a
// leak of the first test.
const auto warm =
    parse(main_file("a = [1, 1.5, 1979-05-27T07:32:00Z, {b = true}] # c\n[t]\nx = 'y'\n"
                    "y = \"z\\n\"\nz = \"\"\"a\"\"\"\nt = '''a'''\n[[r]]\n"));

struct Case {
  const char* text;
  const char* want;
};

void check_main(const Case& c) {
  STRCMP_EQUAL_TEXT(c.want, problems_of(main_file(c.text)).c_str(), c.text);
}

// As the body of a rule, whose first line is line 4.
void check_in_rule(const Case& c) {
  const std::string head = "[[rule]]\nname = \"a\"\nlevel = \"otp\"\n";
  const std::string place = *c.want == '\0' ? "" : "stepupd.conf:4:";
  STRCMP_EQUAL_TEXT((place + c.want).c_str(), problems_of(main_file(head + c.text)).c_str(),
                    c.text);
}

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

TEST(RulesParse, NamesTheKeyThatWasProbablyMeant) {
  const Case in_rule[] = {
      {"maxage = '1min'",     "10: unknown key \"maxage\": did you mean \"max_age\"?"  },
      {"max-age = '1min'",    "11: unknown key \"max-age\": did you mean \"max_age\"?" },
      {"Level = 'touch'",     "9: unknown key \"Level\": did you mean \"level\"?"      },
      {"users = ['a']",       "9: unknown key \"users\": did you mean \"user\"?"       },
      {"services = ['a']",    "12: unknown key \"services\": did you mean \"service\"?"},
      {"risk = 'elevated'",   "8: unknown key \"risk\""                                },
      {"x = 1",               "5: unknown key \"x\""                                   },
      {"\"\\u001b[2J\" = 1",  "15: unknown key \"\\x1b[2J\""                           },
      {"mode = 'monitor'",
       "8: \"mode\" belongs at the top level of stepupd.conf, before any table"        },
      {"unenrolled = 'deny'",
       "14: \"unenrolled\" belongs at the top level of stepupd.conf, before any table" },
      {"max_failures = 3",    "16: \"max_failures\" belongs in [attempts]"             },
      {"login_counts = 1",    "16: login_counts takes true or false, not an integer"   },
      {"rule.x = 1",          "1: unknown key \"rule\""                                },
  };
  for (const Case& c : in_rule) check_in_rule(c);
  const Case in_main[] = {
      {"max_age = '1min'",            "stepupd.conf:1:11: \"max_age\" belongs in a [[rule]]"                 },
      {"max_backoff = '1min'",        "stepupd.conf:1:15: \"max_backoff\" belongs in [attempts]"             },
      {"[attempt]\n",                 "stepupd.conf:1:1: unknown key \"attempt\": did you mean \"attempts\"?"},
      {"[[rules]]\n",                 "stepupd.conf:1:1: unknown key \"rules\": did you mean \"rule\"?"      },
      {"rp_id = 'x'\n",               "stepupd.conf:1:9: \"rp_id\" belongs in [host]"                        },
      {"[host]\ndevices = []\n",      "stepupd.conf:2:11: \"devices\" belongs in [fido2]"                    },
      {"[host]\nrpid = 'x'\n",        "stepupd.conf:2:8: unknown key \"rpid\": did you mean \"rp_id\"?"      },
      {"[fido2]\naaguid = 'x'\n",
       "stepupd.conf:2:10: unknown key \"aaguid\": did you mean \"aaguids\"?"                                },
      {"[fido2]\nhost = 'x'\n",
       "stepupd.conf:2:8: \"host\" belongs at the top level of stepupd.conf, as a table of its "
       "own"                                                                                                 },
      {"[attempts]\nmax_failure = 3",
       "stepupd.conf:2:15: unknown key \"max_failure\": did you mean \"max_failures\"?"                      },
      {"[attempts]\nattempts = 3",
       "stepupd.conf:2:12: \"attempts\" belongs at the top level of stepupd.conf, as a table of "
       "its own"                                                                                             },
  };
  for (const Case& c : in_main) check_main(c);
  const std::string longest(100000, 'm');
  STRCMP_EQUAL(("unknown key \"" + std::string(61, 'm') + "...\"").c_str(),
               explain_unknown_key(longest, Place::Main).c_str());
}

TEST(RulesParse, RefusesAValueOfTheWrongTypeOrRange) {
  const Case in_rule[] = {
      {"max_age = 5",             "11: max_age takes a duration such as \"15min\", not an integer"      },
      {"max_age = 1.5",
       "11: max_age takes a duration such as \"15min\", not a date, time or fraction"                   },
      {"max_age = '10 m'",
       "11: max_age takes \"0\", or a whole number and s, min, h or d, of at most 365d, such as "
       "\"15min\", not \"10 m\""                                                                        },
      {"max_age = '366d'",
       "11: max_age takes \"0\", or a whole number and s, min, h or d, of at most 365d, such as "
       "\"15min\", not \"366d\""                                                                        },
      {"scope = 'host'",          "9: scope takes \"session\", \"tty\" or \"process\", not \"host\""    },
      {"scope = true",            "9: scope takes \"session\", \"tty\" or \"process\", not a boolean"   },
      {"enforce = 'false'",       "11: enforce takes true or false, not a string"                       },
      {"enforce = 0",             "11: enforce takes true or false, not an integer"                     },
      {"service = 'sudo'",        "11: service takes a list of strings such as [\"sudo\"], not a string"},
      {"service = {}",            "11: service takes a list of strings such as [\"sudo\"], not a table" },
      {"service = [['a']]",       "12: each item of service takes a string, not a list"                 },
      {"user = [0]",              "9: each item of user takes a string, not an integer"                 },
      {"user = ['']",             "9: each item of user holds an empty name"                            },
      {"user = ['@']",            "8: user holds \"@\" without the name of a group"                     },
      {"user = [\"a\\n\"]",       "9: each item of user holds a control character: \"a\\x0a\""          },
      {"user = []",               "8: user = [] can never match: leave the key out, or name something"  },
      {"target_user = []",
       "15: target_user = [] can never match: leave the key out, or name something"                     },
      {"except_user = []",
       "15: except_user = [] excepts nobody: leave the key out, or name someone"                        },
      {"host_tag = ['d b']",
       "13: host_tag: \"d b\" is no tag: it takes up to 64 letters, digits and any of . _ : - of "
       "ASCII"                                                                                          },
      {"source = ['10.1.2.3/8']",
       "11: source: \"10.1.2.3/8\" names a host and a network at once: past the first 8 bits all "
       "must be 0"                                                                                      },
      {"tty = ['/dev/tty1']",
       "8: tty: \"/dev/tty1\" is no terminal: \"none\", \"any\", or a name below /dev such as "
       "\"tty1\" "
       "or \"pts/*\""                                                                                   },
      {"login_method = ['PWD']",
       "17: login_method: \"PWD\" is no method of RFC 8176 such as \"pwd\" or \"hwk\""                  },
      {"time = ['workdays']",
       "9: time: \"workdays\" is no time of the week such as \"mon-fri 08:00-18:00\", \"sat,sun\" "
       "or "
       "\"22:00-06:00 UTC\""                                                                            },
      {"command = ['psql']",
       "12: command: \"psql\" takes a command by its absolute path, or sudoedit"                        },
      {"command = ['/bin/a  b']", "12: command: \"/bin/a  b\" takes words parted by single spaces"      },
      {"factors = []",            "11: factors = [] leaves nothing to prove: to refuse, write deny"     },
      {"remote = 'yes'",          "10: remote takes true or false, not a string"                        },
      {"deny = \"a\\nb\"",        "8: deny holds a control character: \"a\\x0ab\""                      },
      {"max_idle = '1 h'",
       "12: max_idle takes \"0\", or a whole number and s, min, h or d, of at most 365d, such as "
       "\"15min\", not \"1 h\""                                                                         },
  };
  for (const Case& c : in_rule) check_in_rule(c);
  for (const char* number : {"0", "21", "-1"}) {
    check_main({(std::string("attempts.max_failures = ") + number).c_str(),
                "stepupd.conf:1:25: max_failures takes 1 to 20"});
  }
  const char* const kUnenrolled = R"(unenrolled takes "deny" or "allow-until YYYY-MM-DD", not )";
  const std::string bad_day =
      std::string("stepupd.conf:1:14: ") + kUnenrolled + "\"allow-until 2026-02-29\"";
  const std::string bad_type =
      std::string("stepupd.conf:1:14: ") + kUnenrolled + "a date, time or fraction";
  const Case in_main[] = {
      {"mode = 'off'",                          "stepupd.conf:1:8: mode takes \"enforce\" or \"monitor\", not \"off\""  },
      {"verify_session = 1",
       "stepupd.conf:1:18: verify_session takes true or false, not an integer"                                          },
      {"unenrolled = 'allow-until 2026-02-29'", bad_day.c_str()                                                         },
      {"unenrolled = 2026-12-31",               bad_type.c_str()                                                        },
      {"source_reuse = 60",
       "stepupd.conf:1:16: source_reuse takes a duration such as \"15min\", not an integer"                             },
      {"source_reuse = '16min'",                "stepupd.conf:1:16: source_reuse takes 0 to 15min"                      },
      {"attempts.max_failures = '5'",
       "stepupd.conf:1:25: max_failures takes an integer, not a string"                                                 },
      {"attempts.max_backoff = '2d'",           "stepupd.conf:1:24: max_backoff takes 1s to 1d"                         },
      {"attempts.max_backoff = '0'",            "stepupd.conf:1:24: max_backoff takes 1s to 1d"                         },
      {"attempts.max_backoff = 900",
       "stepupd.conf:1:24: max_backoff takes a duration such as \"15min\", not an integer"                              },
      {"attempts = 3",                          "stepupd.conf:1:12: attempts takes a table ([attempts]), not an integer"},
      {"[rule]\nname = 'a'",                    "stepupd.conf:1:1: rule takes two brackets ([[rule]]), not a table"     },
      {"rule = [3]",                            "stepupd.conf:1:9: a rule is a table, not an integer"                   },
  };
  for (const Case& c : in_main) check_main(c);
  const std::string long_name(257, 'n');
  STRCMP_EQUAL("stepupd.conf:2:6: name holds a name longer than 256 bytes",
               problems_of(main_file("[[rule]]\nname=\"" + long_name + "\"\nlevel='otp'")).c_str());
}

TEST(RulesParse, NeedsANameThatIsUniqueAndALevel) {
  const Case cases[] = {
      {"[[rule]]\nname = 'a'",
       "stepupd.conf:1:1: rule \"a\" has no level: it takes \"none\", \"otp\", \"touch\" or "
       "\"touch+uv\""                                                                          },
      {"[[rule]]\nlevel = 'otp'",            "stepupd.conf:1:1: a [[rule]] without a name"     },
      {"[[rule]]\nname = ''\nlevel = 'otp'", "stepupd.conf:2:8: name holds an empty name"      },
      {"[[rule]]\nname = 1\nlevel = 'otp'",
       "stepupd.conf:2:8: name takes a string, not an integer"                                 },
      {"[[rule]]\nname = 'a'\nlevel = 'uv'",
       "stepupd.conf:3:9: level takes \"none\", \"otp\", \"touch\" or \"touch+uv\", not \"uv\""},
      {"[[rule]]\nname = 'a'\nlevel = 2",
       "stepupd.conf:3:9: level takes \"none\", \"otp\", \"touch\" or \"touch+uv\", not an "
       "integer"                                                                               },
  };
  for (const Case& c : cases) check_main(c);
  const std::string rule = "[[rule]]\nname = 'a'\nlevel = 'otp'\n";
  STRCMP_EQUAL("stepupd.conf:4:1: rule \"a\" is already defined at stepupd.conf:1",
               problems_of(main_file(rule + rule)).c_str());
  STRCMP_EQUAL("/etc/10.conf:1:1: rule \"a\" is already defined at stepupd.conf:1",
               problems_of({
                               {"/etc/stepupd.conf", rule},
                               {"/etc/10.conf",      rule}
  })
                   .c_str());
}

TEST(RulesParse, RefusesARuleThatCanNeverMatchOrBeMet) {
  const Case cases[] = {
      {"service = ['su']\npam_service = ['sudo', 'sudo-i']",
       "pam_service is of no family in service"                                                             },
      {"user = ['a', '@b']\nexcept_user = ['@b', 'c', 'a']",       "except_user lists all of user"          },
      {"source = ['10.1.0.0/16']\nexcept_source = ['10.0.0.0/8']",
       "except_source holds all of source"                                                                  },
      {"source = ['10.0.0.0/8']\nremote = false",                  "who is not remote comes from no network"},
      {"service = ['sshd', 'login']\ncommand = ['/bin/sh']",
       "no program in service runs a command"                                                               },
  };
  const std::string head = "[[rule]]\nname = 'a'\nlevel = 'otp'\n";
  for (const Case& c : cases) {
    const std::string problems = problems_of(main_file(head + c.text));
    STRCMP_CONTAINS_TEXT(c.want, problems.c_str(), c.text);
    STRCMP_CONTAINS_TEXT("rule \"a\" can never match: ", problems.c_str(), c.text);
  }
  STRCMP_EQUAL(
      "stepupd.conf:5:15: rule \"a\" can never match: pam_service is of no family in service",
      problems_of(main_file(head + "service = ['su']\npam_service = ['login']")).c_str());
  STRCMP_EQUAL(
      "stepupd.conf:1:1: rule \"a\" can never be met: none of its factors reaches its level",
      problems_of(main_file("[[rule]]\nname = 'a'\nlevel = 'touch'\nfactors = ['totp']")).c_str());
  // The names that sudoers gives to sudo are the administrator's own.
  for (const char* text :
       {"service = ['sudo']\npam_service = ['su']", "service = ['su']\npam_service = ['su-l']",
        "user = ['a', 'b']\nexcept_user = ['a', '@b']",
        "source = ['::/0']\nexcept_source = ['::1']",
        "service = ['sshd', 'sudo']\ncommand = ['/bin/sh']"}) {
    STRCMP_EQUAL_TEXT("", problems_of(main_file(head + text)).c_str(), text);
  }
  STRCMP_EQUAL("", problems_of(main_file("[[rule]]\nname = 'a'\ndeny = 'No.'")).c_str());
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
  const Case cases[] = {
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
  for (const Case& c : cases) {
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
