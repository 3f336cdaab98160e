// SPDX-License-Identifier: ISC
#include "stepupd/session/local_key.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::session;

namespace {

constexpr LoginPlace kAtASeat{.remote = false, .has_seat = true};
constexpr LoginPlace kLocal{.remote = false, .has_seat = false};
constexpr LoginPlace kRemote{.remote = true, .has_seat = false};
constexpr LoginPlace kUnknown{.remote = std::nullopt, .has_seat = true};

KeyPlace in_session(LoginPlace own) {
  return {.has_sshd_ancestor = false, .own = own, .subjects = {}, .askers = {}};
}

// Who asks is the subject, unless said.
KeyPlace outside(std::vector<LoginPlace> subjects) {
  return {.has_sshd_ancestor = false, .own = {}, .subjects = subjects, .askers = subjects};
}

KeyPlace asked_by(KeyPlace place, std::vector<LoginPlace> askers) {
  place.askers = std::move(askers);
  return place;
}

KeyPlace with_rhost(KeyPlace place) {
  place.rhost_is_set = true;
  return place;
}

KeyPlace below_sshd(KeyPlace place) {
  place.has_sshd_ancestor = true;
  return place;
}

}  // namespace

TEST_GROUP(LocalKey){};

TEST(LocalKey, F65_IsOfferedOnlyToWhoeverSurelySitsHere) {
  struct Case {
    const char* name;
    KeyPlace place;
    bool want;
  };
  const Case cases[] = {
      {"local login session at a seat", in_session(kAtASeat), true},
      {"local login session without a seat", in_session(kLocal), false},
      {"remote login session", in_session(kRemote), false},
      {"login session that logind cannot place", in_session(kUnknown), false},
      {"local session, but PAM_RHOST is set", with_rhost(in_session(kAtASeat)), false},
      {"local session, below sshd", below_sshd(in_session(kAtASeat)), false},
      {"no session, all of the subject's at a seat", outside({kAtASeat, kAtASeat}), true},
      {"no session, one of the subject's is remote", outside({kAtASeat, kRemote}), false},
      {"no session, one of the subject's has no seat", outside({kAtASeat, kLocal}), false},
      {"no session, one of the subject's cannot be placed", outside({kAtASeat, kUnknown}), false},
      {"no session, and none of the subject's", outside({}), false},
      {"no session, all at a seat, but PAM_RHOST is set", with_rhost(outside({kAtASeat})), false},
      {"no session, all at a seat, but below sshd", below_sshd(outside({kAtASeat})), false},
      {"no session, and who asks for another is here too",
       asked_by(outside({kAtASeat}), {kAtASeat}), true},
      {"no session, and who asks for another is remote", asked_by(outside({kAtASeat}), {kRemote}),
       false},
      {"no session, and who asks for another is nowhere", asked_by(outside({kAtASeat}), {}), false},
      {"no session, and whom it is asked for is nowhere", asked_by(outside({}), {kAtASeat}), false},
      {"nothing was read", KeyPlace{}, false},
  };
  for (const Case& c : cases) CHECK_EQUAL_TEXT(c.want, offers_local_key(c.place), c.name);
}
