// SPDX-License-Identifier: ISC
// What a CheckRequest and the kernel's facts about its sender mean: whose factor, for what, where.
// Pure.
#pragma once

#include <optional>
#include <string>

#include "stepupd/base/coordinates.h"
#include "stepupd/daemon/grant_ledger.h"
#include "stepupd/daemon/otp_verification.h"
#include "stepupd/daemon/rules_in_force.h"
#include "stepupd/policy/rule.h"
#include "stepupd/session/asker.h"
#include "stepupd/session/login_origin.h"
#include "stepupd/wire/messages.h"

namespace stepup::daemon {

struct RequestFacts {
  policy::Facts policy;
  Subject subject;    // uid is kNoUid when there is no such account
  Coordinates where;  // subject filled in
  Origin origin = Origin::OtherUid;
  std::string what;     // for the prompt: "sudo: id -u", "su to root", "sshd"
  std::string command;  // its basename, where argv leaves no doubt: for the journal
  std::string command_digest;
  bool caller_is_root = false;  // sudo, su, doas called by real uid 0
  bool only_lists = false;      // "sudo -l" and nothing else
  bool only_validates = false;  // "sudo -v": what it obtains is for this terminal
  // Somebody sees what is said, so that a touch may be asked for without a prompt: not "sudo -n",
  // and no sudo, su or doas without a terminal.
  bool can_be_told = false;
  bool has_agent = false;  // the program hands over the caller's ssh agent when it is asked to
  wire::MessageId unaskable = wire::MessageId::RefusedNoConversation;  // when nobody can be asked
};

// Whose factor (pam_stepup(8), WHOSE FACTOR): for sudo, su and doas the real uid of the process;
// for everything else PAM_USER.  The session scope is for the former only: the others run before a
// session exists.
[[nodiscard]] Result<RequestFacts> facts_of(const wire::CheckRequest& request,
                                            const session::Asker& asker);

// What is known besides the request and its sender.
struct Surroundings {
  const InForce* rules = nullptr;
  std::optional<policy::Moment> now;
  session::LoginOrigin login;
  std::optional<std::string> tty;  // its name; empty = none
};

void add_surroundings(const Surroundings& surroundings, policy::Facts& facts);

}  // namespace stepup::daemon
