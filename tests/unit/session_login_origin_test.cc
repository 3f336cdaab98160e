// SPDX-License-Identifier: ISC
#include <sys/sysmacros.h>

#include "stepupd/session/login_origin.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::session;

TEST_GROUP(SessionLoginOrigin){};

TEST(SessionLoginOrigin, IsLocalOnlyWhereNothingSaysOtherwise) {
  struct Case {
    const char* name;
    OriginFacts facts;
    LoginOrigin want;
  };
  const Case cases[] = {
      {"a login by ssh",             {"192.0.2.1", std::nullopt, "", true}, {true, "192.0.2.1"}},
      {"in a session by ssh",        {"", true, "192.0.2.1", true},         {true, "192.0.2.1"}},
      {"remote, host not known",     {"", true, "", false},                 {true, ""}         },
      {"at the machine",             {"", false, "", false, true},          {false, ""}        },
      {"by cron or systemd-run",     {"", false, "", false, false},         {std::nullopt, ""} },
      {"a host nobody vouches for",  {"", false, "192.0.2.1", false, true}, {false, ""}        },
      {"an sshd in a local session", {"", false, "", true, true},           {true, ""}         },
      {"no session, below sshd",     {"", std::nullopt, "", true},          {true, ""}         },
      {"no session",                 {"", std::nullopt, "", false},         {std::nullopt, ""} },
      {"ancestors not readable",     {"", false, "", std::nullopt, true},   {std::nullopt, ""} },
  };
  for (const Case& c : cases) CHECK_TEXT(login_origin(c.facts) == c.want, c.name);
}

TEST(SessionLoginOrigin, NamesTerminalsAsDevDoes) {
  STRCMP_EQUAL("pts/3", terminal_name(makedev(136, 3))->c_str());
  STRCMP_EQUAL("pts/259", terminal_name(makedev(137, 3))->c_str());
  CHECK_FALSE(terminal_name(makedev(0, 0)).has_value());
}
