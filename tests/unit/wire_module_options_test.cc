// SPDX-License-Identifier: ISC
#include <chrono>
#include <string>
#include <vector>

#include "stepupd/wire/module_options.h"

#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup::wire;

TEST_GROUP(WireModuleOptions){};

TEST(WireModuleOptions, DefaultToTheInstalledSocketAndThreeSeconds) {
  const auto options = parse_module_options({});
  CHECK_TRUE(options.has_value());
  STRCMP_EQUAL("/run/stepup/stepupd.sock", options->socket.c_str());
  CHECK_TRUE(options->first_reply == 3s);
  CHECK_TRUE(options->language == stepup::Language::English);
}

TEST(WireModuleOptions, SetTheLanguage) {
  const char* const words[] = {"language=fr"};
  CHECK_TRUE(parse_module_options(words)->language == stepup::Language::French);
}

TEST(WireModuleOptions, SetSocketAndTimeout) {
  const char* const words[] = {"timeout=60", "socket=/run/other.sock"};
  const auto options = parse_module_options(words);
  CHECK_TRUE(options.has_value());
  STRCMP_EQUAL("/run/other.sock", options->socket.c_str());
  CHECK_TRUE(options->first_reply == 60s);
  const char* const shortest[] = {"timeout=1"};
  CHECK_TRUE(parse_module_options(shortest)->first_reply == 1s);
}

TEST(WireModuleOptions, RefuseEverythingElseAndNameIt) {
  const std::string longest = "socket=/" + std::string(106, 'a');
  const std::string too_long = longest + "a";
  const std::vector<const char*> good = {longest.c_str()};
  CHECK_TRUE(parse_module_options(good).has_value());

  struct Case {
    std::vector<const char*> words;
    const char* blamed;
  };
  const Case cases[] = {
      {{""},                             ""                            },
      {{"debug"},                        "debug"                       },
      {{"nouserok"},                     "nouserok"                    },
      {{"Timeout=3"},                    "Timeout=3"                   },
      {{"timeout"},                      "timeout"                     },
      {{"timeout="},                     "timeout="                    },
      {{"timeout=0"},                    "timeout=0"                   },
      {{"timeout=61"},                   "timeout=61"                  },
      {{"timeout=-1"},                   "timeout=-1"                  },
      {{"timeout=+3"},                   "timeout=+3"                  },
      {{"timeout= 3"},                   "timeout= 3"                  },
      {{"timeout=3s"},                   "timeout=3s"                  },
      {{"timeout=3.5"},                  "timeout=3.5"                 },
      {{"timeout=0x3"},                  "timeout=0x3"                 },
      {{"timeout=99999999999999999999"}, "timeout=99999999999999999999"},
      {{"timeout=3", "timeout=3"},       "timeout=3"                   },
      {{"socket"},                       "socket"                      },
      {{"socket="},                      "socket="                     },
      {{"socket=stepupd.sock"},          "socket=stepupd.sock"         },
      {{"socket=./stepupd.sock"},        "socket=./stepupd.sock"       },
      {{"socket=@stepupd"},              "socket=@stepupd"             },
      {{too_long.c_str()},               too_long.c_str()              },
      {{"socket=/a", "socket=/a"},       "socket=/a"                   },
      {{"timeout=3", "sokcet=/a"},       "sokcet=/a"                   },
      {{"language="},                    "language="                   },
      {{"language=DE"},                  "language=DE"                 },
      {{"language=it"},                  "language=it"                 },
      {{"language=de", "language=en"},   "language=en"                 },
      {{" socket=/a"},                   " socket=/a"                  },
  };
  for (const Case& c : cases) {
    const auto options = parse_module_options(c.words);
    CHECK_TEXT(!options.has_value(), c.blamed);
    STRCMP_EQUAL(c.blamed, options.error().c_str());
  }
}
