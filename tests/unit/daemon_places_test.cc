// SPDX-License-Identifier: ISC
// Who still gets a connection, whatever others hold.
#include "stepupd/daemon/places.h"

#include <CppUTest/TestHarness.h>

using stepup::daemon::Places;

TEST_GROUP(Places){// How many `user` gets.
                   static int take_all(Places & places, uid_t user){int taken = 0;
while (places.take(user)) ++taken;
return taken;
}
}
;

TEST(Places, T18OneUserGetsHisBoundAndTakesNobodyElsesAway) {
  Places places(16, 100);
  LONGS_EQUAL(16, take_all(places, 1000));
  LONGS_EQUAL(16, take_all(places, 1001));
  LONGS_EQUAL(16, take_all(places, 0));
}

TEST(Places, T18TheLastQuarterGoesOneEachToUsersWhoHoldNone) {
  Places places(16, 100);
  int taken = 0;
  for (uid_t user = 1; user <= 10; ++user) taken += take_all(places, user);
  LONGS_EQUAL(75 + 5, taken);  // the sixth to the tenth come when three quarters are gone
  LONGS_EQUAL(1, take_all(places, 11));
  for (uid_t user = 12; places.take(user); ++user) ++taken;
  LONGS_EQUAL(99, taken);
}

TEST(Places, T18RootFindsOneWhenTheyAreAllTaken) {
  Places places(1000, 100);
  for (uid_t user = 1; places.take(user); ++user) {
  }
  LONGS_EQUAL(Places::kReservedForRoot, take_all(places, 0));
  LONGS_EQUAL(0, take_all(places, 101));
}

TEST(Places, WhatIsGivenBackCanBeTakenAgain) {
  Places places(2, 4);
  LONGS_EQUAL(2, take_all(places, 1));
  places.give_back(1);
  LONGS_EQUAL(1, take_all(places, 1));
  places.give_back(1);
  places.give_back(1);
  for (uid_t user = 2; user <= 5; ++user) CHECK_TRUE(places.take(user));
  CHECK_FALSE(places.take(1));
}
