// SPDX-License-Identifier: ISC
// How command lines are read.  That sudo, su and doas read them alike is shown by
// tests/system/test_sudo_lines.py and test_su_lines.py.
#include <string>
#include <vector>

#include "stepupd/policy/command_line.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::policy;
using Words = std::vector<std::string>;

namespace {

// "a b, plain" for words that exceptions may hold for, "a b" for others; "shell"; "none";
// "uncertain"; and " as bob" or " as #1" where the line says so.
std::string spoken(const CommandLine& line) {
  std::string text;
  switch (line.command.reading) {
    case Command::Reading::None: text = "none"; break;
    case Command::Reading::Uncertain: text = "uncertain"; break;
    case Command::Reading::Shell: text = "shell"; break;
    case Command::Reading::Name: text = "name"; break;
    case Command::Reading::Words:
      for (const std::string& word : line.command.words) text += (text.empty() ? "" : " ") + word;
      if (line.command.may_be_excepted) text += ", plain";
      break;
  }
  if (line.target_user) text += " as " + *line.target_user;
  if (line.target_uid) text += " as #" + std::to_string(*line.target_uid);
  return text;
}

Words words_of(std::string_view text) {
  Words words;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    words.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return words;
}

struct Case {
  const char* line;
  const char* want;
};

}  // namespace

TEST_GROUP(PolicyCommandLine){};

TEST(PolicyCommandLine, ReadsSudoAsSudoDoes) {
  const Case cases[] = {
      {"sudo id -u",                      "id -u, plain"             },
      {"/usr/bin/sudo id",                "id, plain"                },
      {"sudo -u bob id",                  "id, plain as bob"         },
      {"sudo -ubob id",                   "id, plain as bob"         },
      {"sudo -nu bob -- id",              "id, plain as bob"         },
      {"sudo --user=bob id",              "id, plain as bob"         },
      {"sudo --user bob id",              "id, plain as bob"         },
      {"sudo --use bob id",               "id as bob"                },
      {"sudo -u #1000 id",                "id, plain as #1000"       },
      {"sudo -u #-1 id",                  "id, plain"                },
      {"sudo -u #4294967295 id",          "id, plain"                },
      {"sudo -u #99999999999 id",         "id, plain"                },
      {"sudo -u #1x id",                  "id, plain"                },
      {"sudo -u root -u bob id",          "id, plain as bob"         },
      {"sudo -k -n -b -A -B -N -S -H id", "id, plain"                },
      {"sudo -p -x id",                   "id, plain"                },
      {"sudo -E id",                      "id"                       },
      {"sudo --preserve-env id",          "id"                       },
      {"sudo --preserve-env=A,B id",      "id"                       },
      {"sudo -R / id",                    "id"                       },
      {"sudo -D / id",                    "id"                       },
      {"sudo -C 3 id",                    "id"                       },
      {"sudo -T 5m id",                   "id"                       },
      {"sudo -g adm id",                  "id"                       },
      {"sudo -P id",                      "id"                       },
      {"sudo A=b id",                     "id"                       },
      {"sudo A=b -u bob C= id",           "id as bob"                },
      {"sudo -- A=b id",                  "A=b id, plain"            },
      {"sudo id A=b -u bob",              "id A=b -u bob, plain"     },
      {"sudo /a=b id",                    "/a=b id, plain"           },
      {"sudo -p -- A=b id",               "uncertain"                }, // sudo: A=b is the command
      {"sudo a.b=c id",                   "uncertain"                }, // sudo-rs: a command
      {"sudo =b id",                      "uncertain"                },
      {"sudo - id",                       "uncertain"                },
      {"sudo -h host id",                 "uncertain"                },
      {"sudo -hhost id",                  "uncertain"                },
      {"sudo --host=h id",                "uncertain"                },
      {"sudo --host h id",                "uncertain"                },
      {"sudo --ch / id",                  "uncertain"                }, // chdir, chroot
      {"sudo --pre id",                   "uncertain"                },
      {"sudo --= id",                     "uncertain"                },
      {"sudo --stdin=x id",               "uncertain"                },
      {"sudo --new-option id",            "uncertain"                },
      {"sudo -X id",                      "uncertain"                },
      {"sudo -n: id",                     "uncertain"                },
      {"sudo -u",                         "uncertain"                },
      {"sudo",                            "uncertain"                },
      {"sudo -n",                         "uncertain"                },
      {"sudo -l id",                      "uncertain"                },
      {"sudo -v",                         "uncertain"                },
      {"sudo -K id",                      "uncertain"                },
      {"sudo -V id",                      "uncertain"                },
      {"sudo -i",                         "shell"                    },
      {"sudo -iu bob id",                 "shell as bob"             },
      {"sudo -s",                         "shell"                    },
      {"sudo -s id",                      "shell"                    },
      {"sudo --login",                    "shell"                    },
      {"sudo -e /etc/motd",               "sudoedit /etc/motd"       },
      {"sudo -eu bob /etc/motd",          "sudoedit /etc/motd as bob"},
      {"sudo /usr/bin/sudoedit -n x",     "sudoedit -n x"            },
      {"sudo sudoedit",                   "sudoedit"                 },
      {"sudo -s sudoedit x",              "uncertain"                },
      {"sudo /o/sudoedit-all x",          "/o/sudoedit-all x, plain" },
      {"sudo sudoeditor",                 "sudoeditor, plain"        },
      {"sudo sudoedit/ x",                "sudoedit/ x, plain"       },
      {"sudo sudoedit/. x",               "uncertain"                }, // sudo-rs edits
      {"sudo /o/sudoedit-rs x",           "uncertain"                }, // here too
      {"sudo -e sudoedit-rs",             "sudoedit sudoedit-rs"     },
      {"sudo -e sudoedit",                "sudoedit sudoedit"        },
      {"sudo -e",                         "uncertain"                },
      {"sudo -e -s /etc/motd",            "uncertain"                },
      {"sudoedit /etc/motd",              "sudoedit /etc/motd"       },
      {"/usr/bin/sudoedit -n a b",        "sudoedit a b"             },
      {"sudoedit2 id",                    "uncertain"                }, // sudo-rs edits
      {"edit id",                         "uncertain"                }, // sudo did, once
      {"x id",                            "uncertain"                },
  };
  for (const Case& c : cases) {
    STRCMP_EQUAL_TEXT(c.want, spoken(read_sudo_line(words_of(c.line), false)).c_str(), c.line);
    const CommandLine cut = read_sudo_line(words_of(c.line), true);
    STRCMP_EQUAL_TEXT("uncertain", spoken(cut).c_str(), c.line);
  }
  STRCMP_EQUAL("uncertain", spoken(read_sudo_line({}, false)).c_str());
  STRCMP_EQUAL("uncertain", spoken(read_sudo_line(Words{"sudo", ""}, false)).c_str());
}

TEST(PolicyCommandLine, KnowsSudosThatDoNotAskAndThatValidate) {
  const auto read = [](const char* line) { return read_sudo_line(words_of(line), false); };
  for (const char* line : {"sudo -n id", "sudo -kn id", "sudo -u bob -n id", "sudo A=b -n id",
                           "sudo --non-interactive id", "sudo -n -X id", "sudo -nl"}) {
    CHECK_TRUE_TEXT(read(line).never_asks, line);
  }
  for (const char* line : {"sudo id -n", "sudo -un id", "sudo -- -n", "sudo -p -n id"}) {
    CHECK_FALSE_TEXT(read(line).never_asks, line);
  }
  CHECK_TRUE(read("sudo -kv").only_validates);
  CHECK_FALSE(read("sudo ls -v").only_validates);
}

TEST(PolicyCommandLine, ReadsSuAndDoas) {
  const Case su[] = {
      {"su",                  "shell"    },
      {"su -",                "shell"    },
      {"su - bob",            "shell"    },
      {"su -l bob",           "shell"    },
      {"su bob -",            "uncertain"},
      {"su -c id",            "id"       },
      {"su -lc id bob",       "id"       },
      {"su - bob -c id",      "id"       },
      {"su --command=id bob", "id"       },
      {"su -c id -c ls",      "uncertain"},
      {"su bob script",       "uncertain"},
      {"su -- bob",           "uncertain"},
      {"su -s /bin/x",        "uncertain"},
      {"su --shell=/bin/x",   "uncertain"},
      {"su -w PATH",          "uncertain"},
      {"su --help",           "uncertain"},
      {"su -lc - bob",        "shell"    },
      {"su -p -c id",         "uncertain"},
      {"su -mc id",           "uncertain"},
      {"su -g x -c id bob",   "id"       },
      {"su bob -g x -c id",   "uncertain"},
  };
  for (const Case& c : su) {
    STRCMP_EQUAL_TEXT(c.want, spoken(read_su_line(words_of(c.line), false)).c_str(), c.line);
  }
  STRCMP_EQUAL("uncertain", spoken(read_su_line(Words{"su"}, true)).c_str());

  const Case doas[] = {
      {"doas id -u",        "id -u, plain as root" },
      {"doas -u bob -- id", "id, plain as bob"     },
      {"doas -nu bob id",   "id, plain as bob"     },
      {"doas -u 1000 id",   "id, plain"            }, // an account's name, or a uid
      {"doas -s",           "shell as root"        },
      {"doas -s id",        "uncertain"            },
      {"doas",              "uncertain"            },
      {"doas -C /x id",     "uncertain"            },
      {"doas -L",           "uncertain"            },
      {"doas - id",         "uncertain"            },
      {"doas A=b id",       "A=b id, plain as root"},
  };
  for (const Case& c : doas) {
    STRCMP_EQUAL_TEXT(c.want, spoken(read_doas_line(words_of(c.line), false)).c_str(), c.line);
  }
  STRCMP_EQUAL("uncertain", spoken(read_doas_line(Words{"doas", "id"}, true)).c_str());
}

TEST(PolicyCommandLine, AShellsCommandIsReadOnlyWhereItIsPlain) {
  const auto read = [](const char* text) {
    CommandLine line;
    line.command = read_shell_command(text);
    return spoken(line);
  };
  STRCMP_EQUAL("/usr/bin/psql -c x", read("/usr/bin/psql  -c x ").c_str());
  for (const char* text :
       {"",     " ",      "id; ls", "id && ls", "$SHELL",  "a|b",        "`id`",   "id > x",
        "'id'", "A=b id", "id\nls", "eval id",  "exec id", "command id", ". x",    "~/x",
        "i*",   "id #",   "!id",    "(id)",     "{ id",    "\\id",       "time id"}) {
    STRCMP_EQUAL_TEXT("shell", read(text).c_str(), text);
  }
}

TEST(PolicyCommandLine, WhatAShellIsToRunForAnotherWordIsNotRead) {
  for (const char* text : {"-l", "- id", "trap id EXIT", "jobs -x id", "compgen -C id",
                           "mapfile -C id x", "repeat 1 id"}) {
    CHECK_TRUE_TEXT(read_shell_command(text).reading == Command::Reading::Shell, text);
  }
}
