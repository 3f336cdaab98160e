// SPDX-License-Identifier: ISC
// What stepupctl asks for on control.sock, where everybody may connect: who may do what is decided
// here (ARCHITECTURE section 11, Enrolment and verify).
#pragma once

#include <optional>
#include <string>

#include "stepupd/daemon/connection.h"
#include "stepupd/daemon/engine.h"
#include "stepupd/daemon/enrollment.h"
#include "stepupd/daemon/step_up.h"
#include "stepupd/daemon/task.h"
#include "stepupd/session/asker.h"

namespace stepup::daemon {

// Carries out the request in `packet`, whose type the request table allows.
[[nodiscard]] Task<wire::Verdict> control_dialogue(Engine& engine, Connection& connection,
                                                   session::Asker asker, wire::Packet packet);

// Whose credentials a request is about, and who asks.
struct Target {
  Subject subject;
  std::string actor;     // who asks, for notices and the journal
  bool by_root = false;  // root asks: needs no proof
};

// Whether the caller of stepupctl, whose uid is `uid`, sits at this host.
[[nodiscard]] bool sits_here(const Connection& connection, const session::Asker& asker, uid_t uid);

// An empty `user` is the caller; another user needs root.  On failure `refusal` is set.
struct TargetOrRefusal {
  std::optional<Target> target;
  wire::Verdict refusal;
};
[[nodiscard]] Task<TargetOrRefusal> target_of(Engine& engine, Connection& connection,
                                              std::string user);

// Lets root pass, and whoever has proved their strongest factor in this session in the last five
// minutes; asks for it otherwise.  Returns the refusal, or nothing.
[[nodiscard]] Task<std::optional<wire::Verdict>> authorise_change(Engine& engine,
                                                                  Connection& connection,
                                                                  session::Asker asker,
                                                                  Target target, std::string verb);
// The same for whoever has looked up what the subject holds.
[[nodiscard]] Task<std::optional<wire::Verdict>> authorise_change(Engine& engine,
                                                                  Connection& connection,
                                                                  session::Asker asker,
                                                                  Target target, Standing standing,
                                                                  std::string verb);

// Our own failures out of an Enrolled, so that with_store sees them and reopens the store.
template <typename T>
[[nodiscard]] Result<Enrolled<T>> lifted(Enrolled<T> outcome) {
  if (!outcome && outcome.error().refusal == EnrollRefusal::Failed) {
    return std::unexpected(outcome.error().error);
  }
  return outcome;
}

// The refusal in words.
[[nodiscard]] wire::Verdict refusal_of(const Engine& engine, const EnrollFailure& failure,
                                       const Subject& subject, const std::string& label);

}  // namespace stepup::daemon
