// SPDX-License-Identifier: ISC
#include "pam_stepup/conversation.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string_view>

#include "stepupd/base/c_handle.h"

namespace stepup::pam_stepup {
namespace {

// Overwrites and frees an answer.  SAFETY: by pam_conv(3) the application allocates the array and
// its text with malloc, and the module frees both.
void release_response(pam_response* response) noexcept {
  if (response->resp != nullptr) {
    explicit_bzero(response->resp, strlen(response->resp));
    free(response->resp);
  }
  free(response);
}
using ResponseHandle = CHandle<pam_response, &release_response>;

// Hands one message to the application.  Returns its response, or null when it has none.
ResponseHandle converse(const pam_conv* conv, int style, const std::string& text) {
  if (conv == nullptr || conv->conv == nullptr) return nullptr;
  const pam_message message{.msg_style = style, .msg = text.c_str()};
  const pam_message* messages = &message;
  pam_response* response = nullptr;
  // After an error the array is the application's business: some have freed it already, and
  // freeing it again would corrupt the memory of a root process.
  if (conv->conv(1, &messages, &response, conv->appdata_ptr) != PAM_SUCCESS) return nullptr;
  return ResponseHandle(response);
}

}  // namespace

std::expected<SecretBytes, wire::CancelReason> Conversation::ask(const std::string& prompt,
                                                                 bool echo) {
  const int style = echo ? PAM_PROMPT_ECHO_ON : PAM_PROMPT_ECHO_OFF;
  const ResponseHandle response = converse(conv_, style, prompt);
  if (response == nullptr || response->resp == nullptr) {
    return std::unexpected(wire::CancelReason::NoConversation);
  }
  const std::string_view answer = response->resp;
  if (answer.empty()) return std::unexpected(wire::CancelReason::EmptyAnswer);
  if (answer.size() > wire::kMaxAnswer) return std::unexpected(wire::CancelReason::Unusable);
  return SecretBytes(answer);
}

void Conversation::fit(const wire::CheckRequest& request) noexcept {
  if (request.service == "polkit-1") notice_style_ = PAM_TEXT_INFO;
  client_is_stdin_ = request.requester.has_value();
}

void Conversation::refuse(const std::string& text) {
  if (!text.empty()) (void)converse(conv_, PAM_ERROR_MSG, text);
}

void Conversation::notify(const std::string& text) {
  if (!text.empty()) (void)converse(conv_, notice_style_, text);
}

bool Conversation::abandoned() const noexcept {
  if (!client_is_stdin_) return false;
  pollfd client{STDIN_FILENO, 0, 0};  // POLLHUP is always reported
  return poll(&client, 1, 0) == 1;
}

}  // namespace stepup::pam_stepup
