// SPDX-License-Identifier: ISC
// Rules that are not loaded, and what is said of them.
#include <string>
#include <vector>

#include "stepupd/rules/keys.h"

#include "tests/unit/rules_bench.h"  // CppUTest comes last

using namespace stepup;
using namespace stepup::rules;

TEST_GROUP(RulesRefuse){};

TEST(RulesRefuse, NamesTheKeyThatWasProbablyMeant) {
  const TextCase in_rule[] = {
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
  for (const TextCase& c : in_rule) check_in_rule(c);
  const TextCase in_main[] = {
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
  for (const TextCase& c : in_main) check_main(c);
  const std::string longest(100000, 'm');
  STRCMP_EQUAL(("unknown key \"" + std::string(61, 'm') + "...\"").c_str(),
               explain_unknown_key(longest, Place::Main).c_str());
}

TEST(RulesRefuse, RefusesAValueOfTheWrongTypeOrRange) {
  const TextCase in_rule[] = {
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
       "\"22:00-06:00 Europe/Berlin\""                                                                  },
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
  for (const TextCase& c : in_rule) check_in_rule(c);
  for (const char* number : {"0", "21", "-1"}) {
    check_main({(std::string("attempts.max_failures = ") + number).c_str(),
                "stepupd.conf:1:25: max_failures takes 1 to 20"});
  }
  const char* const kUnenrolled = R"(unenrolled takes "deny" or "allow-until YYYY-MM-DD", not )";
  const std::string bad_day =
      std::string("stepupd.conf:1:14: ") + kUnenrolled + "\"allow-until 2026-02-29\"";
  const std::string bad_type =
      std::string("stepupd.conf:1:14: ") + kUnenrolled + "a date, time or fraction";
  const TextCase in_main[] = {
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
  for (const TextCase& c : in_main) check_main(c);
  const std::string long_name(257, 'n');
  STRCMP_EQUAL("stepupd.conf:2:6: name holds a name longer than 256 bytes",
               problems_of(main_file("[[rule]]\nname=\"" + long_name + "\"\nlevel='otp'")).c_str());
}

TEST(RulesRefuse, NeedsANameThatIsUniqueAndALevel) {
  const TextCase cases[] = {
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
  for (const TextCase& c : cases) check_main(c);
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

TEST(RulesRefuse, RefusesARuleThatCanNeverMatchOrBeMet) {
  const TextCase cases[] = {
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
  for (const TextCase& c : cases) {
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
