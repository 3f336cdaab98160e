// SPDX-License-Identifier: ISC
#include <string>
#include <string_view>

#include "pam_stepup/agent_handover.h"

#include <CppUTest/TestHarness.h>

using namespace std::string_view_literals;
using namespace stepup::pam_stepup;

TEST_GROUP(PamAgentHandover){};

TEST(PamAgentHandover, TakesTheFirstPathThatCouldLeadToASocket) {
  struct Case {
    const char* name;
    std::string_view environ;
    std::string want;
  };
  const Case cases[] = {
      {"alone",            "SSH_AUTH_SOCK=/tmp/ssh-a/agent.1\0"sv,        "/tmp/ssh-a/agent.1"},
      {"among others",     "A=b\0SSH_AUTH_SOCK=/s\0Z=\0"sv,               "/s"                },
      {"the first counts", "SSH_AUTH_SOCK=/a\0SSH_AUTH_SOCK=/b\0"sv,      "/a"                },
      {"without its end",  "SSH_AUTH_SOCK=/a"sv,                          "/a"                },
      {"none",             "A=b\0"sv,                                     ""                  },
      {"nothing at all",   ""sv,                                          ""                  },
      {"empty",            "SSH_AUTH_SOCK=\0"sv,                          ""                  },
      {"relative",         "SSH_AUTH_SOCK=agent\0"sv,                     ""                  },
      {"abstract",         "SSH_AUTH_SOCK=@agent\0"sv,                    ""                  },
      {"in another value", "X=SSH_AUTH_SOCK=/a\0"sv,                      ""                  },
      {"another name",     "MY_SSH_AUTH_SOCK=/a\0SSH_AUTH_SOCKET=/b\0"sv, ""                  },
  };
  for (const Case& c : cases)
    STRCMP_EQUAL_TEXT(c.want.c_str(), agent_path(c.environ).c_str(), c.name);
  // sun_path has 108 bytes, the last of which is NUL.
  const std::string longest = "/" + std::string(106, 'a');
  STRCMP_EQUAL(longest.c_str(), agent_path("SSH_AUTH_SOCK=" + longest).c_str());
  STRCMP_EQUAL("", agent_path("SSH_AUTH_SOCK=" + longest + "a").c_str());
}

TEST(PamAgentHandover, LooksAtNoFileSystemThatMayKeepItWaiting) {
  const std::string root = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
  const auto mount = [](const std::string& point, const std::string& type) {
    return "30 22 0:40 / " + point + " rw,relatime shared:1 - " + type + " what rw\n";
  };
  struct Case {
    const char* name;
    std::string mountinfo;
    const char* path;
    bool want;
  };
  const Case cases[] = {
      {"the root alone", root, "/tmp/a", true},
      {"another mount", root + mount("/srv", "nfs4"), "/tmp/a", true},
      {"a name that begins so", root + mount("/home/a", "nfs4"), "/home/ab/s", true},
      {"nfs", root + mount("/home", "nfs"), "/home/a/s", false},
      {"nfs 4", root + mount("/home", "nfs4"), "/home/a/s", false},
      {"cifs", root + mount("/home", "cifs"), "/home/a/s", false},
      {"sshfs", root + mount("/home/a/m", "fuse.sshfs"), "/home/a/m/s", false},
      {"the mount itself", root + mount("/home/a/s", "fuse"), "/home/a/s", false},
      {"autofs", root + mount("/home", "autofs"), "/home/a/s", false},
      {"autofs, mounted", root + mount("/home", "autofs") + mount("/home", "ext4"), "/home/a/s",
       true},
      {"a disk below nfs", root + mount("/home", "nfs") + mount("/home/a", "ext4"), "/home/a/s",
       false},
      {"nfs over a disk", root + mount("/home", "ext4") + mount("/home", "nfs"), "/home/a/s",
       false},
      {"up again", root + mount("/srv", "nfs"), "/tmp/../srv/s", false},
      {"two slashes", root + mount("/srv", "nfs"), "//srv/s", false},
      {"here", root + mount("/srv", "nfs"), "/./srv/s", false},
      {"relative", root, "tmp/s", false},
      {"nothing known", "", "/tmp/s", false},
      {"nonsense", "nonsense\n" + root, "/tmp/s", false},
      {"cut short", root + "30 22 0:40 / /srv rw", "/tmp/s", false},
  };
  for (const Case& c : cases) {
    CHECK_EQUAL_TEXT(c.want, answers_at_once(c.mountinfo, c.path), c.name);
  }
}

TEST(PamAgentHandover, KnowsALoginSessionByTheGroupThatLogindMade) {
  struct Case {
    const char* name;
    const char* one;
    const char* other;
    bool want;
  };
  constexpr const char* kThree = "0::/user.slice/user-1000.slice/session-3.scope\n";
  const Case cases[] = {
      {"the same session",     kThree,                                                               kThree,                                              true },
      {"another one",          kThree,                                                               "0::/user.slice/user-1000.slice/session-33.scope\n", false},
      {"another user's",       "0::/user.slice/user-1001.slice/session-3.scope\n",
       "0::/user.slice/user-1001.slice/session-3.scope\n",                                                                                                false},
      {"no session",           "0::/system.slice/ssh.service\n",                                     "0::/system.slice/ssh.service\n",                    false},
      {"a name of the user's", "0::/user.slice/user-1000.slice/user@1000.service/session-3.scope\n",
       "0::/user.slice/user-1000.slice/user@1000.service/session-3.scope\n",                                                                              false},
      {"of two hierarchies",   "1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n0::/\n",
       "1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n0::/\n",                                                                              true },
      {"nothing known",        "",                                                                   "",                                                  false},
  };
  for (const Case& c : cases) {
    CHECK_EQUAL_TEXT(c.want, same_login_session(c.one, c.other, 1000), c.name);
  }
}
