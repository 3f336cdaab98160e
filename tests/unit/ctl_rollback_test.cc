// SPDX-License-Identifier: ISC
#include <string>

#include "stepupd/ctl/rollback.h"
#include "stepupd/ctl/session_place.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::ctl;
using Kind = SessionKey::Kind;

namespace {

SessionPlace place(Kind kind, std::uint64_t id, std::vector<pid_t> leaders) {
  return {
      {kind, id},
      std::move(leaders)
  };
}

wire::SessionRow grant(Kind kind, std::uint64_t id, std::uint32_t leader) {
  wire::SessionRow row;
  row.session = {kind, id};
  row.leader = leader;
  return row;
}

}  // namespace

TEST_GROUP(CtlSessionPlace){};

TEST(CtlSessionPlace, TwoLoginsAreApartAndTwoTerminalsOfOneAreNot) {
  CHECK(are_apart(place(Kind::Audit, 3, {10}), place(Kind::Audit, 4, {10})));
  CHECK(are_apart(place(Kind::Audit, 3, {10}), place(Kind::Logind, 3, {10})));
  CHECK(!are_apart(place(Kind::Audit, 3, {10}), place(Kind::Audit, 3, {20})));  // tmux
  CHECK(!are_apart(place(Kind::Logind, 3, {10}), place(Kind::Logind, 3, {20})));
}

TEST(CtlSessionPlace, TerminalsOfADesktopAreApartByTheirLeaders) {
  for (const Kind kind : {Kind::Manager, Kind::None}) {
    CHECK(are_apart(place(kind, 1000, {10, 11}), place(kind, 1000, {20, 21})));
    CHECK(!are_apart(place(kind, 1000, {10, 11}), place(kind, 1000, {20, 10})));
  }
}

TEST(CtlSessionPlace, AGrantHoldsWhereItWasObtained) {
  const SessionPlace here = place(Kind::Audit, 3, {10});
  CHECK(holds_at(grant(Kind::Audit, 3, 99), here));
  CHECK(!holds_at(grant(Kind::Audit, 4, 10), here));
  const SessionPlace window = place(Kind::Manager, 1000, {10, 11});
  CHECK(holds_at(grant(Kind::Manager, 1000, 11), window));
  CHECK(!holds_at(grant(Kind::Manager, 1000, 12), window));  // of another window
}

TEST(CtlSessionPlace, ALineIsReadAsItWasWritten) {
  const SessionPlace whole = place(Kind::Logind, 1ULL << 32 | 5, {7, 8});
  CHECK(place_of_line(to_line(whole)) == whole);
  for (const char* bad : {"", "1", "9 1 2", "x 1", "1 2 y", "1 2 3 y", "-1 2"}) {
    CHECK_TEXT(!place_of_line(bad), bad);
  }
}

TEST_GROUP(CtlPending){};

TEST(CtlPending, ARecordIsReadAsItWasWritten) {
  const Pending pending{
      "7e7d",
      BootTime(123456),
      {place(Kind::Audit, 3, {10}), place({}, 0, {})},
      {"sudo", "sudo-i"}
  };
  CHECK(parse_pending(to_text(pending)) == pending);
}

TEST(CtlPending, ADamagedRecordIsRefusedAndNotTakenForNone) {
  const std::string good = "boot 7e7d\nenabled 5\nfile sudo\n";
  CHECK(parse_pending(good).has_value());
  for (const std::string& bad :
       {std::string(), good.substr(0, good.find("file")), std::string("boot 7e7d\nfile sudo\n"),
        good + "what\n", good + "place 9 9\n", good + "file ../shadow\n", good + "file \n",
        std::string("boot a\nenabled x\nfile sudo\n")}) {
    CHECK_TEXT(!parse_pending(bad), bad.c_str());
  }
}
