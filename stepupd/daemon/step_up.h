// SPDX-License-Identifier: ISC
// Reauthentication of one person over one connection: what is enrolled, and which of it may be
// asked for here.  Shared by every dialogue that needs a factor.
#pragma once

#include <cstdint>
#include <string>

#include "stepupd/base/coordinates.h"
#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/standing.h"
#include "stepupd/daemon/task.h"

namespace stepup::daemon {

struct StepUpOrder {
  Subject subject;
  Origin origin = Origin::Self;
  Level level = Level::Otp;              // what the evidence must reach
  FactorSet factors = FactorSet::all();  // and of which factor it may be
  wire::Words prompt;                    // for a one-time code
  std::string what;                      // what is approved, for a touch: "sudo: id -u"
  std::string service;                   // for refusals: "sudo"
  wire::MessageId unaskable = wire::MessageId::RefusedNoConversation;  // where nobody can be asked
  wire::ClockState clock = wire::ClockState::Unknown;
  bool local_key = false;  // the person sits at this host: session/local_key
  bool has_agent = false;  // sudo, su, doas: their caller's ssh agent may be asked for
  // What a touch is bound to besides: nothing but this request, here, can use it.
  SessionKey session;
  std::string target_user;
  std::string command_digest;
};

struct StepUpResult {
  enum class Kind : std::uint8_t {
    Proved,
    Refused,     // `refusal` says why; the same process should not be asked again
    Unenrolled,  // nothing enrolled that could meet the level; nobody was asked
    Unable,      // nobody was asked, or nothing was judged: locked out, no terminal, our own fault
  };
  Kind kind = Kind::Unable;
  FactorKind factor = FactorKind::Totp;  // Proved
  Level level = Level::None;             // Proved: what the evidence reached
  std::int64_t credential_id = 0;        // Proved
  wire::Verdict refusal;                 // otherwise
  const char* reason = "";               // for the journal
};

// Asks for what is missing: a touch, where one may be asked for and is enough (of a key that is
// plugged in here, else of one behind an ssh agent), then a one-time code where the level allows
// it.  Tells the person of changes to their credentials once proved.
[[nodiscard]] Task<StepUpResult> step_up(Engine& engine, Connection& connection, StepUpOrder order);

// -- Shared by the two ways to prove --

[[nodiscard]] StepUpResult refused(StepUpResult::Kind kind, wire::VerdictCode code,
                                   wire::Words words, const char* reason);

// What a person who did not answer a prompt is told.
[[nodiscard]] StepUpResult not_answered(Reply::Kind kind, const StepUpOrder& order,
                                        const std::string& host);

// The refusal for an error of our own.
[[nodiscard]] wire::Verdict unavailable(const Engine& engine, const Error& error);
[[nodiscard]] StepUpResult our_fault(const Engine& engine, const Error& error);

// What a factor was judged to be, once it is.
struct Proved {
  FactorKind factor = FactorKind::Totp;
  Level level = Level::Otp;
  std::int64_t credential_id = 0;
  std::string label;
};

// Tells the person what happened to their credentials since the last time, and ends.
[[nodiscard]] Task<StepUpResult> proved(Engine& engine, Connection& connection, Subject subject,
                                        Standing standing, Proved what);

// As an argument of words: whole seconds, at least one.
[[nodiscard]] std::string seconds_left(BootTime duration);

// "2026-11-24", UTC.
[[nodiscard]] std::string date_of(std::int64_t unix_seconds);

}  // namespace stepup::daemon
