// SPDX-License-Identifier: ISC
// Reauthentication of one person over one connection: what is enrolled, the prompts, up to three
// answers.  Shared by every dialogue that needs a factor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/otp_verification.h"
#include "stepupd/daemon/task.h"

namespace stepup::daemon {

struct StepUpOrder {
  Subject subject;
  Origin origin = Origin::Self;
  Level level = Level::Otp;  // what the evidence must reach
  wire::Words prompt;
  std::string service;  // for refusals: "sudo"
  wire::ClockState clock = wire::ClockState::Unknown;
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
  std::int64_t credential_id = 0;        // Proved
  wire::Verdict refusal;                 // otherwise
  const char* reason = "";               // for the journal
};

// Asks for what is missing.  Tells the person of changes to their credentials once proved.
[[nodiscard]] Task<StepUpResult> step_up(Engine& engine, Connection& connection, StepUpOrder order);

// "3 min 20 s", for people.
[[nodiscard]] std::string spoken_duration(BootTime duration);

// "2026-11-24", UTC.
[[nodiscard]] std::string date_of(std::int64_t unix_seconds);

// The refusal for an error of our own.
[[nodiscard]] wire::Verdict unavailable(const Engine& engine, const Error& error);

}  // namespace stepup::daemon
