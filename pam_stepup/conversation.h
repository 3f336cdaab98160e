// SPDX-License-Identifier: ISC
// Talks to the person through the application's conversation function (pam_conv(3)).
#pragma once

#include <security/pam_modules.h>

#include <expected>
#include <string>

#include "stepupd/base/secret_bytes.h"
#include "stepupd/wire/messages.h"

namespace stepup::pam_stepup {

class Conversation {
 public:
  // `conv` may be null: an application need not have one.  It must outlive this object.
  explicit Conversation(const pam_conv* conv) noexcept : conv_(conv) {}

  // Asks `prompt` and returns what the person typed, echoed if `echo`.  Fails with EmptyAnswer,
  // Unusable (longer than wire::kMaxAnswer), or NoConversation (the application has none, refuses,
  // or hands back nothing).  PAM_SILENT is not looked at: sudo sets it in the account phase, and it
  // is about messages, not about questions that the decision needs.
  [[nodiscard]] std::expected<SecretBytes, wire::CancelReason> ask(const std::string& prompt,
                                                                   bool echo);

  // Shows `text` as PAM_ERROR_MSG, if the application can: without a terminal sudo writes
  // PAM_TEXT_INFO to standard output, into the middle of what another program reads.
  void tell(const std::string& text);

 private:
  const pam_conv* conv_;
};

}  // namespace stepup::pam_stepup
