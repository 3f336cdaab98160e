// SPDX-License-Identifier: ISC
#include <string>

#include "stepupd/policy/network.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::policy;

TEST_GROUP(PolicyNetwork){};

TEST(PolicyNetwork, HoldsAnAddressInWhateverFormItIsWritten) {
  struct Case {
    const char* network;
    const char* address;
    bool want;
  };
  const Case cases[] = {
      {"10.0.0.0/8",          "10.255.255.255",       true },
      {"10.0.0.0/8",          "11.0.0.0",             false},
      {"10.0.0.0/8",          "::ffff:10.1.2.3",      true },
      {"10.0.0.0/8",          "::10.1.2.3",           false}, // IPv4-compatible, long deprecated
      {"::ffff:10.0.0.0/104", "10.1.2.3",             true },
      {"192.0.2.128/25",      "192.0.2.127",          false},
      {"192.0.2.128/25",      "192.0.2.128",          true },
      {"192.0.2.7",           "192.0.2.7",            true },
      {"192.0.2.7",           "192.0.2.6",            false},
      {"0.0.0.0/0",           "203.0.113.1",          true },
      {"0.0.0.0/0",           "2001:db8::1",          false},
      {"::/0",                "203.0.113.1",          true }, // all of IPv6 holds the mapped form
      {"2001:db8::/33",       "2001:db8:7fff:ffff::", true },
      {"2001:db8::/33",       "2001:db8:8000::",      false},
      {"fe80::/10",           "fe80::1%eth0",         true },
      {"fe80::/10",           "febf:ffff::1",         true },
      {"fe80::1%eth0",        "fe80::1%eth0",         true },
      {"fe80::1%eth0",        "fe80::1%eth1",         false},
      {"fe80::1%eth0",        "fe80::1",              false},
  };
  for (const Case& c : cases) {
    const auto network = parse_network(c.network);
    const auto address = parse_address(c.address);
    CHECK_TEXT(network.has_value() && address.has_value(), c.network);
    CHECK_TEXT(network->contains(*address) == c.want, c.address);
    STRCMP_EQUAL(c.network, network->text.c_str());
  }
}

TEST(PolicyNetwork, TakesNoHostNameForAnAddress) {
  for (const char* text : {"", "bastion", "10.0.0", "010.0.0.1", "10.0.0.1 ", "1.2.3.4.5",
                           "10.0.0.1%eth0", "fe80::1%", ":::", "10.0.0.0/8"}) {
    CHECK_FALSE_TEXT(parse_address(text).has_value(), text);
  }
}

TEST(PolicyNetwork, SaysWhatIsWrongWithANetwork) {
  struct Case {
    const char* text;
    const char* want;
  };
  const char* const none = "is no address, nor a network such as 10.0.0.0/8";
  const Case cases[] = {
      {"bastion/8",      none                                                                      },
      {"/8",             none                                                                      },
      {"10.0.0.0/33",    "takes a whole number up to 32 after the /"                               },
      {"10.0.0.0/",      "takes a whole number up to 32 after the /"                               },
      {"10.0.0.0/-1",    "takes a whole number up to 32 after the /"                               },
      {"10.0.0.0/8/8",   "takes a whole number up to 32 after the /"                               },
      {"2001:db8::/129", "takes a whole number up to 128 after the /"                              },
      {"10.1.2.3/8",     "names a host and a network at once: past the first 8 bits all must be 0" },
      {"fe80::1/10",     "names a host and a network at once: past the first 10 bits all must be 0"},
  };
  for (const Case& c : cases) {
    const auto network = parse_network(c.text);
    CHECK_FALSE_TEXT(network.has_value(), c.text);
    STRCMP_EQUAL(c.want, network.error().c_str());
  }
}

TEST(PolicyNetwork, HoldsAnotherNetworkThatIsNoWider) {
  const auto holds = [](const char* outer, const char* inner) {
    return parse_network(outer)->contains(*parse_network(inner));
  };
  CHECK_TRUE(holds("10.0.0.0/8", "10.0.0.0/8"));
  CHECK_TRUE(holds("10.0.0.0/8", "10.1.0.0/16"));
  CHECK_FALSE(holds("10.1.0.0/16", "10.0.0.0/8"));
  CHECK_FALSE(holds("10.0.0.0/8", "::/0"));
}
