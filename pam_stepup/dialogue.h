// SPDX-License-Identifier: ISC
// The module's side of one dialogue with stepupd: it relays, and decides nothing.
#pragma once

#include <expected>
#include <string>

#include "pam_stepup/conversation.h"
#include "pam_stepup/outcome.h"
#include "stepupd/wire/client.h"
#include "stepupd/wire/messages.h"
#include "stepupd/wire/module_options.h"

namespace stepup::pam_stepup {

// Why there is no verdict, and what to tell the person and the log: nothing (MessageId::None) when
// that is done already or needs no words.
struct Refusal {
  Failure failure = Failure::Internal;
  wire::Words words{.id = wire::MessageId::InternalError, .args = {}};
  const char* detail = "";  // for the log alone, where the words do not name the cause
};

template <typename T>
using Answered = std::expected<T, Refusal>;

// Connects to `options.socket` if it can be stepupd's, and sends `request`.
[[nodiscard]] Answered<wire::Client> open_dialogue(const wire::ModuleOptions& options,
                                                   const wire::Deadlines& deadlines,
                                                   const wire::CheckRequest& request);

// Relays between `client`, whose request came from `program` and is sent, and the person until the
// verdict comes.  Shows every notice and the words of the verdict.  `socket` is named in a refusal.
// In sudo, su and doas it hands over a connection to the caller's ssh agent when it is asked to.
[[nodiscard]] Answered<wire::VerdictCode> relay(wire::Client& client, const std::string& socket,
                                                wire::Program program, Conversation& conversation);

// Waits for the verdict and shows nothing: anything else that is no heartbeat is refused.
[[nodiscard]] Answered<wire::VerdictCode> await_receipt(wire::Client& client,
                                                        const std::string& socket);

}  // namespace stepup::pam_stepup
