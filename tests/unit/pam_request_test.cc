// SPDX-License-Identifier: ISC
// The request as it is built for a real PAM transaction of this program.
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <sys/timex.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "pam_stepup/request_builder.h"
#include "tests/fakes/fake_stepupd.h"
#include "tests/fakes/fake_stepupd_conversation.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using pam_stepup::build_request;
using wire::CheckRequest;
using wire::Phase;

TEST_GROUP(PamRequest) {
  fakes::ScratchDirectory scratch;
  fakes::FakeConversation application;
  pam_handle_t* handle = nullptr;

  void setup() override {
    std::ofstream(scratch.file("stepup-test")) << "auth required pam_permit.so\n";
    CHECK_EQUAL(PAM_SUCCESS, pam_start_confdir("stepup-test", "root", application.conv(),
                                               scratch.path().c_str(), &handle));
  }
  void teardown() override { CHECK_EQUAL(PAM_SUCCESS, pam_end(handle, PAM_SUCCESS)); }

  void set(int item, const char* text) {
    CHECK_EQUAL(PAM_SUCCESS, pam_set_item(handle, item, text));
  }
};

TEST(PamRequest, SaysWhatPamAndTheSystemKnow) {
  set(PAM_RHOST, "192.0.2.1");
  set(PAM_TTY, "/dev/pts/7");
  const auto request = build_request(handle, Phase::Account);
  CHECK_TRUE(request.has_value());
  CHECK_TRUE(request->phase == Phase::Account);
  CHECK_TRUE(request->program == wire::Program::Other);
  STRCMP_EQUAL("stepup-test", request->service.c_str());
  STRCMP_EQUAL("root", request->pam_user.c_str());
  STRCMP_EQUAL("192.0.2.1", request->rhost_hint.c_str());
  STRCMP_EQUAL("/dev/pts/7", request->tty_hint.c_str());
  CHECK_EQUAL(0, request->pam_user_uid);

  std::vector<std::uint32_t> groups(wire::kMaxGroups);
  int count = static_cast<int>(groups.size());
  CHECK_TRUE(getgrouplist("root", 0, groups.data(), &count) > 0);
  groups.resize(static_cast<std::size_t>(count));
  CHECK_TRUE(request->groups == groups);

  const passwd* const self = getpwuid(getuid());
  STRCMP_EQUAL(self != nullptr ? self->pw_name : "", request->caller.c_str());
  CHECK_FALSE(request->argv_truncated);
  STRCMP_EQUAL(program_invocation_name, request->argv.at(0).c_str());

  timex clock{};
  const bool off = adjtimex(&clock) == TIME_ERROR || (clock.status & STA_UNSYNC) != 0;
  CHECK_TRUE(request->clock ==
             (off ? wire::ClockState::Unsynchronised : wire::ClockState::Synchronised));
}

TEST(PamRequest, LeavesOutWhatNobodyKnows) {
  set(PAM_USER, "stepup-no-such-user");
  const auto request = build_request(handle, Phase::Auth);
  CHECK_TRUE(request.has_value());
  CHECK_EQUAL(kNoUid, request->pam_user_uid);
  CHECK_FALSE(request->groups.has_value());
  STRCMP_EQUAL("", request->rhost_hint.c_str());
  STRCMP_EQUAL("", request->tty_hint.c_str());
}

TEST(PamRequest, NeedsAServiceAndAUser) {
  CHECK_TRUE(build_request(handle, Phase::Auth).has_value());
  const auto check_refused = [&] {
    const auto request = build_request(handle, Phase::Auth);
    CHECK_FALSE(request.has_value());
    CHECK_TRUE(request.error().code == Errc::Internal);
  };
  set(PAM_USER, "");
  check_refused();
  set(PAM_USER, nullptr);
  check_refused();
  set(PAM_USER, "root");
  set(PAM_SERVICE, "");
  check_refused();
}
