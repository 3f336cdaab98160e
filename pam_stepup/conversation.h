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

  // Fits the conversation to the program that `request` is from.
  void fit(const wire::CheckRequest& request) noexcept;

  // Show `text`, if the application can: a refusal as PAM_ERROR_MSG, and so everything else, since
  // without a terminal sudo writes PAM_TEXT_INFO to standard output, into the middle of what
  // another program reads.  But polkit's agents put "Error:" before such a message, so there a
  // notice is PAM_TEXT_INFO.
  void refuse(const std::string& text);
  void notify(const std::string& text);

  // Whether nobody is there any more.  Only polkit's helper as a service knows: it gets no signal
  // when the person gives up, but its client closes the connection.
  [[nodiscard]] bool abandoned() const noexcept;

 private:
  const pam_conv* conv_;
  int notice_style_ = PAM_ERROR_MSG;
  bool client_is_stdin_ = false;
};

}  // namespace stepup::pam_stepup
