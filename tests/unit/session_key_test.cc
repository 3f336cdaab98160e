// SPDX-License-Identifier: ISC
#include <optional>
#include <string>

#include "stepupd/session/session_key.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::session;
using Kind = SessionKey::Kind;

TEST_GROUP(SessionKeyOfFacts){};

TEST(SessionKeyOfFacts, FollowsTheCgroupThenTheAuditSession) {
  struct Case {
    const char* name;
    SessionFacts facts;
    KeyAndReach want;
  };
  const auto open = LoginSessionState::Open;
  const auto unknown = LoginSessionState::Unknown;
  const Case cases[] = {
      {"a login session with an audit id",
       {{"3", {}}, 7, true, open},
       {{Kind::Audit, 7}, Scope::Session}                                                                          },
      {"a login session without one",
       {{"3", {}}, {}, true, open},
       {{Kind::Logind, 3}, Scope::Session}                                                                         },
      {"logind's own counting is another number",
       {{"c3", {}}, {}, true, open},
       {{Kind::Logind, 3 | 1ULL << 32}, Scope::Session}                                                            },
      {"a session name nobody knows",             {{"x", {}}, {}, true, open},   {{Kind::None, 0}, Scope::Tty}     },
      {"a closing session",
       {{"3", {}}, 7, true, LoginSessionState::Closing},
       {{Kind::Audit, 7}, Scope::Tty}                                                                              },
      {"a session that is gone",
       {{"3", {}}, 7, true, LoginSessionState::Gone},
       {{Kind::Audit, 7}, Scope::Tty}                                                                              },
      {"a session logind cannot tell about",
       {{"3", {}}, 7, true, unknown},
       {{Kind::Audit, 7}, Scope::Tty}                                                                              },
      {"the user manager, whatever the audit id",
       {{"", 1000}, 7, true, unknown},
       {{Kind::Manager, 1000}, Scope::Tty}                                                                         },
      {"a system service",                        {{"", {}}, 7, true, unknown},  {{Kind::Audit, 7}, Scope::Tty}    },
      {"a system service without audit",
       {{"", {}}, {}, true, unknown},
       {{Kind::None, 0}, Scope::Tty}                                                                               },
      {"a host without logind",                   {{"", {}}, 7, false, unknown}, {{Kind::Audit, 7}, Scope::Session}},
      {"a host without logind and audit",
       {{"", {}}, {}, false, unknown},
       {{Kind::None, 0}, Scope::Tty}                                                                               },
  };
  for (const Case& c : cases) CHECK_TEXT(session_key(c.facts) == c.want, c.name);
}
