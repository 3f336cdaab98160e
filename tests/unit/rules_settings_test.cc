// SPDX-License-Identifier: ISC
// What [host] and [fido2] take; the other settings are in rules_parse_test.cc.
#include <chrono>
#include <string>
#include <vector>

#include "stepupd/rules/rules.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::rules;

namespace {

std::vector<SourceFile> main_file(std::string text) {
  return {
      {"stepupd.conf", std::move(text)}
  };
}

struct Case {
  const char* text;
  const char* want;
};

// Whether the only problem of `text` is `want`; empty: there is none.
void check_main(const Case& c) {
  const auto set = parse(main_file(c.text));
  std::string lines;
  if (!set) {
    for (const Problem& problem : set.error()) lines += to_string(problem);
  }
  STRCMP_EQUAL_TEXT(c.want, lines.c_str(), c.text);
}

}  // namespace

TEST_GROUP(RulesSettings){};

TEST(RulesSettings, TakesARelyingPartyThatIsPrintableAsciiWithoutSpaces) {
  const auto rp_id_of = [](const std::string& rp_id) {
    const auto set = parse(main_file("[host]\nrp_id = \"" + rp_id + "\"\n"));
    return set ? set->settings.rp_id : "refused";
  };
  const std::string longest(253, 'x');
  for (const std::string& good : {std::string(), std::string("!"), std::string("~"), longest}) {
    STRCMP_EQUAL(good.c_str(), rp_id_of(good).c_str());
  }
  for (const std::string& bad :
       {longest + "x", std::string(" "), std::string("a b"), std::string("\\u007f"),
        std::string("\\t"), std::string("\xc3\xa9")}) {
    STRCMP_EQUAL("refused", rp_id_of(bad).c_str());
  }
  check_main(
      {"[host]\nrp_id = 'a b'",
       "stepupd.conf:2:9: rp_id takes at most 253 printable ASCII characters without spaces, "
       "not \"a b\""});
  check_main({"[host]\nrp_id = 1", "stepupd.conf:2:9: rp_id takes a string, not an integer"});
  check_main({"host = 'x'", "stepupd.conf:1:8: host takes a table ([host]), not a string"});
}

TEST(RulesSettings, TakesUpToSixteenDevicesByTheirAbsolutePaths) {
  const auto with_devices = [](std::size_t count) {
    std::string list = "fido2.devices = [";
    for (std::size_t i = 0; i < count; ++i) list += "'/dev/hidraw1',";
    return list + "]";
  };
  CHECK_EQUAL(16U, parse(main_file(with_devices(16)))->settings.devices.size());
  check_main({with_devices(17).c_str(), "stepupd.conf:1:17: devices takes at most 16"});
  const Case cases[] = {
      {"fido2.devices = []",                ""                                                                 },
      {"fido2.devices = '/dev/hidraw1'",
       "stepupd.conf:1:17: devices takes a list of strings, not a string"                                      },
      {"fido2.devices = ['hidraw1']",
       "stepupd.conf:1:18: devices takes the absolute path of a device, not \"hidraw1\""                       },
      {"fido2.devices = ['']",
       "stepupd.conf:1:18: devices takes the absolute path of a device, not \"\""                              },
      {"fido2.devices = [\"/dev\\u0000\"]",
       "stepupd.conf:1:18: devices takes the absolute path of a device, not \"/dev\\x00\""                     },
      {"fido2.devices = [1]",
       "stepupd.conf:1:18: each item of devices takes the absolute path of a device, not an "
       "integer"                                                                                               },
      {"fido2.enabled = 'no'",              "stepupd.conf:1:17: enabled takes true or false, not a string"     },
      {"ssh_sk.enabled = 1",                "stepupd.conf:1:18: enabled takes true or false, not an integer"   },
      {"ssh_sk = true",                     "stepupd.conf:1:10: ssh_sk takes a table ([ssh_sk]), not a boolean"},
      {"fido2 = true",                      "stepupd.conf:1:9: fido2 takes a table ([fido2]), not a boolean"   },
  };
  for (const Case& c : cases) check_main(c);
  const std::string longest = "/" + std::string(254, 'd');
  CHECK_TRUE(parse(main_file("fido2.devices = ['" + longest + "']")).has_value());
  CHECK_FALSE(parse(main_file("fido2.devices = ['" + longest + "d']")).has_value());
}

TEST(RulesSettings, TakesTheWordOfStepupdConfAloneThatSshdRequiresATouch) {
  CHECK_FALSE(parse(main_file("mode = 'enforce'"))->settings.sk_requires_touch);
  CHECK_TRUE(parse(main_file("[login]\nsk_requires_touch = true"))->settings.sk_requires_touch);
  check_main({"login.sk_requires_touch = 'yes'",
              "stepupd.conf:1:27: sk_requires_touch takes true or false, not a string"});
  check_main({"login = 1", "stepupd.conf:1:9: login takes a table ([login]), not an integer"});
  const auto in_drop_in = parse({
      {"stepupd.conf", "mode = 'enforce'\n"                 },
      {"a.conf",       "[login]\nsk_requires_touch = true\n"}
  });
  CHECK_FALSE(in_drop_in.has_value());
}

TEST(RulesSettings, TakesHowLongActivityIsKept) {
  CHECK_TRUE(parse(main_file("[activity]\nkeep = '0'"))->settings.activity_keep ==
             std::chrono::seconds(0));
  CHECK_TRUE(parse(main_file("[activity]\nkeep = '365d'"))->settings.activity_keep ==
             std::chrono::days(365));
  check_main({"activity.keep = 30",
              "stepupd.conf:1:17: keep takes a duration such as \"15min\", not an integer"});
  check_main({"activity.arguments = 1",
              "stepupd.conf:1:22: arguments takes true or false, not an integer"});
  check_main({"activity.days = 1", "stepupd.conf:1:17: unknown key \"days\""});
  check_main(
      {"activity = 1", "stepupd.conf:1:12: activity takes a table ([activity]), not an integer"});
}

TEST(RulesSettings, TakesTheNameOfAGroupOfAdministrators) {
  STRCMP_EQUAL("wheel", parse(main_file("admin_group = 'wheel'"))->settings.admin_group.c_str());
  STRCMP_EQUAL("", parse(main_file("admin_group = ''"))->settings.admin_group.c_str());
  CHECK_FALSE(parse(main_file("admin_group = ['wheel']")).has_value());
}

TEST(RulesSettings, TakesModelsByUuidInEitherCase) {
  for (const char* bad :
       {"", "2fc0579f811347eab116bb5a8db9202a", "2fc0579f-8113-47ea-b116-bb5a8db9202",
        "2fc0579f-8113-47ea-b116-bb5a8db9202a0", "2fc0579f-8113-47ea-b116-bb5a8db9202g",
        "2fc0579f-8113-47ea-b116_bb5a8db9202a", "2fc0579f-8113-47ea-b1160bb5a8db9202a"}) {
    check_main({(std::string("fido2.aaguids = ['") + bad + "']").c_str(),
                (std::string("stepupd.conf:1:18: aaguids takes a UUID such as "
                             "\"2fc0579f-8113-47ea-b116-bb5a8db9202a\", not \"") +
                 bad + "\"")
                    .c_str()});
  }
  const auto set = parse(main_file("fido2.aaguids = ['00000000-ABCD-EF00-0000-000000000000']"));
  CHECK_TRUE(set.has_value());
  STRCMP_EQUAL("00000000-abcd-ef00-0000-000000000000", set->settings.aaguids.at(0).c_str());
}

TEST(RulesSettings, KnowsThreeLanguages) {
  const auto language_of = [](const std::string& language) {
    const auto set = parse(main_file("[host]\nlanguage = \"" + language + "\"\n"));
    return std::string(set ? stepup::to_string(set->settings.language) : "refused");
  };
  for (const char* good : {"en", "de", "fr"}) STRCMP_EQUAL(good, language_of(good).c_str());
  for (const char* bad : {"", "DE", "de_DE.UTF-8", "it"}) {
    STRCMP_EQUAL("refused", language_of(bad).c_str());
  }
  check_main({"[host]\nlanguage = 'it'",
              "stepupd.conf:2:12: language takes \"en\", \"de\" or \"fr\", not \"it\""});
}
