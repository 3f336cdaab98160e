// SPDX-License-Identifier: ISC
#include <sys/sysmacros.h>

#include <string>
#include <vector>

#include "stepupd/session/proc_text.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::session;

namespace {

// proc(5): pid (comm) state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt
// utime stime cutime cstime priority nice num_threads itrealvalue starttime vsize ...
std::string stat_line(const std::string& name) {
  return "5442 (" + name +
         ") S 5423 5413 1170 34816 -1 4194560 406 0 8 0 0 0 0 0 20 0 1 0 48730 7483392 1143\n";
}

constexpr const char* kStatus =
    "Name:\tsudo\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t5442\nPid:\t5442\nPPid:\t5423\n"
    "Uid:\t1001\t0\t0\t0\nGid:\t1002\t1001\t1001\t1001\nGroups:\t27 100 \nNStgid:\t5442\n"
    "NSpid:\t5442\nVmPeak:\t 7308 kB\n";

}  // namespace

TEST_GROUP(ProcStatText){};

TEST(ProcStatText, ReadsTheFieldsOfProc5) {
  const auto stat = parse_stat(stat_line("sudo"));
  CHECK(stat.has_value());
  LONGS_EQUAL(5423, stat->parent);
  LONGS_EQUAL(1170, stat->leader);
  CHECK(stat->tty == makedev(136, 0));
  CHECK(stat->start == 48730);
}

TEST(ProcStatText, V35ACommandNameCannotForgeATerminal) {
  for (const char* name : {") R 1 34816 ", "((( )))", "a) S 1 1 1 34817 -1 (b", "x\ny", ")", ""}) {
    const auto stat = parse_stat(stat_line(name));
    CHECK_TEXT(stat.has_value(), name);
    CHECK_TEXT(stat->tty == makedev(136, 0), name);
    CHECK_TEXT(stat->start == 48730, name);
  }
}

TEST(ProcStatText, DecodesTheKernelsDeviceNumbers) {
  struct Case {
    const char* tty_nr;
    dev_t want;
  };
  const Case cases[] = {
      {"0", 0},
      {"1025", makedev(4, 1)},
      {"35071", makedev(136, 255)},
      {"1083392", makedev(136, 256)}, // minor bits above 7 stand from bit 20 on
      {"-2012182528", makedev(136, 0x88100)},
  };
  for (const Case& c : cases) {
    std::string line = stat_line("sh");
    line.replace(line.find("34816"), 5, c.tty_nr);
    const auto stat = parse_stat(line);
    CHECK_TEXT(stat.has_value(), c.tty_nr);
    CHECK_TEXT(stat->tty == c.want, c.tty_nr);
  }
}

TEST(ProcStatText, RefusesWhatIsCutShortAnywhere) {
  const std::string whole = stat_line("sudo");
  const std::size_t last_needed = whole.find("48730");
  for (std::size_t size = 0; size <= last_needed; ++size) {
    CHECK_FALSE(parse_stat(whole.substr(0, size)).has_value());
  }
}

TEST(ProcStatText, RefusesNumbersThatAreNone) {
  for (const char* line : {"1 (sh) S x 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0",
                           "1 (sh) S 1 1 99999999999999 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0",
                           "1 (sh) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 -5 0",
                           "1 (sh)S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0", "no name at all"}) {
    CHECK_FALSE_TEXT(parse_stat(line).has_value(), line);
  }
}

TEST_GROUP(ProcStatusText){};

TEST(ProcStatusText, ReadsRealIdsAndGroups) {
  const auto status = parse_status(kStatus);
  CHECK(status.has_value());
  UNSIGNED_LONGS_EQUAL(1001, status->real_uid);
  const std::vector<gid_t> groups{27, 100, 1002};
  CHECK(status->groups == groups);
  CHECK_FALSE(status->nested_pid_namespace);
}

TEST(ProcStatusText, SeesAProcessOfANestedPidNamespace) {
  std::string text = kStatus;
  text.replace(text.find("NSpid:\t5442"), 11, "NSpid:\t5442\t1");
  CHECK(parse_status(text)->nested_pid_namespace);
}

TEST(ProcStatusText, RefusesATextWithoutOneOfItsLines) {
  for (const char* key : {"Uid:", "Gid:", "Groups:", "NSpid:"}) {
    std::string text = kStatus;
    text.replace(text.find(std::string("\n") + key) + 1, 1, "x");
    CHECK_FALSE_TEXT(parse_status(text).has_value(), key);
  }
  CHECK_FALSE(parse_status("").has_value());
}

TEST(ProcStatusText, RefusesBrokenNumbers) {
  for (const auto& [from, to] : {
           std::pair{"Uid:\t1001",  "Uid:\t-1"         },
           {"Groups:\t27", "Groups:\tx"       },
           {"Gid:\t1002",  "Gid:\t99999999999"}
  }) {
    std::string text = kStatus;
    text.replace(text.find(from), std::string(from).size(), to);
    CHECK_FALSE_TEXT(parse_status(text).has_value(), to);
  }
}

TEST_GROUP(CgroupText){};

TEST(CgroupText, OnlyThePlacesThatLogindMakesDecide) {
  struct Case {
    const char* text;
    const char* session;
    long manager;  // -1 = none
  };
  const Case cases[] = {
      {"0::/user.slice/user-1000.slice/session-3.scope\n",                             "3",  -1  },
      {"0::/user.slice/user-1000.slice/session-c1.scope\n",                            "c1", -1  },
      {"12:pids:/x\n0::/user.slice/user-1000.slice/session-3.scope\n",                 "3",  -1  },
      {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/app.scope\n",       "",   1000},
      {"0::/user.slice/user-1000.slice/user@1000.service/session-9.scope\n",           "",   1000},
      {"0::/user.slice/user-1000.slice/session-3.scope/user@0.service\n",              "3",  -1  },
      {"0::/system.slice/cron.service\n",                                              "",   -1  },
      {"0::/user.slice/user-1000.slice/session-3.scope/session-9.scope\n",             "3",  -1  },
      {"0::/system.slice/user@x.service/session-4.scope\n",                            "",   -1  },
      {"0::/system.slice/container.service/session-3.scope\n",                         "",   -1  },
      {"0::/system.slice/container.service/user.slice/user-0.slice/session-3.scope\n", "",   -1  },
      {"0::/user.slice/user-1000.slice/app.service/session-3.scope\n",                 "",   -1  },
      {"0::/user.slice/session-3.scope\n",                                             "",   -1  },
      {"0::/session-3.scope\n",                                                        "",   -1  },
      {"0::/user@1000.service\n",                                                      "",   -1  },
      {"0::/user.slice/user-1000.slice/user@1001.service\n",                           "",   -1  },
      {"0::/user.slice/user-x.slice/session-3.scope\n",                                "",   -1  },
      {"0::/user.slice/user-.slice/session-3.scope\n",                                 "",   -1  },
      {"0::/user.slice/user-.slice/user@.service\n",                                   "",   -1  },
      {"0::/user.slice/user-1000.slice/session-.scope\n",                              "",   -1  },
      {"0::/user.slice/user-1000.slice/session-3.scope (deleted)\n",                   "",   -1  },
      {"0::/../user.slice/user-1000.slice/session-3.scope\n",                          "",   -1  },
      {"0::/../../user-1000.slice/session-3.scope\n",                                  "",   -1  },
      {"0::/system.slice/x\n0::/user.slice/user-1000.slice/session-3.scope\n",         "",   -1  },
      {"1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n",                 "",   -1  },
      {"0::/\n",                                                                       "",   -1  },
      {"",                                                                             "",   -1  },
  };
  for (const Case& c : cases) {
    const auto place = parse_cgroup(c.text);
    STRCMP_EQUAL_TEXT(c.session, place.login_session.c_str(), c.text);
    CHECK_TEXT(place.manager.has_value() == (c.manager >= 0), c.text);
    if (place.manager) LONGS_EQUAL_TEXT(c.manager, *place.manager, c.text);
  }
}

TEST_GROUP(AuditNumberText){};

TEST(AuditNumberText, TellsUnsetFromANumberFromNonsense) {
  CHECK(parse_audit_number("3\n")->value() == 3);
  CHECK(parse_audit_number("0")->value() == 0);
  CHECK_FALSE(parse_audit_number("4294967295")->has_value());
  for (const char* text : {"", "\n", "-1", "4294967296", "3 ", "x"}) {
    CHECK_FALSE_TEXT(parse_audit_number(text).has_value(), text);
  }
}
