// SPDX-License-Identifier: ISC
#include "sudo_approval/sudo_conversation.h"

#include <stdlib.h>
#include <string.h>

#include <new>
#include <string>

namespace stepup::sudo_approval {
namespace {

// A little more than stepupd's own patience, whose words then say that it is over.
constexpr int kSeconds = 65;

bool is_question(int style) { return style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON; }

sudo_conv_message message_for(const pam_message& from, const char* text) {
  sudo_conv_message message{};
  message.msg = text;
  switch (from.msg_style) {
    case PAM_PROMPT_ECHO_OFF: message.msg_type = SUDO_CONV_PROMPT_ECHO_OFF; break;
    case PAM_PROMPT_ECHO_ON: message.msg_type = SUDO_CONV_PROMPT_ECHO_ON; break;
    default: message.msg_type = SUDO_CONV_ERROR_MSG | SUDO_CONV_PREFER_TTY; break;
  }
  if (is_question(from.msg_style)) message.timeout = kSeconds;
  return message;
}

// One message, which is all that Conversation sends at a time.
int converse(int count, const pam_message** messages, pam_response** responses,
             void* closure) noexcept {
  // SAFETY: conv() put it there.
  const SudoConversation& sudo = *static_cast<SudoConversation*>(closure);
  if (count != 1 || sudo.function == nullptr) return PAM_CONV_ERR;
  const pam_message& from = *messages[0];
  const bool asks = is_question(from.msg_style);
  if (asks && !sudo.may_ask) return PAM_CONV_ERR;
  std::string text;
  try {
    text = from.msg;
    if (!asks) text.push_back('\n');
  } catch (const std::bad_alloc&) {
    return PAM_BUF_ERR;
  }
  // SAFETY: pam_conv(3) wants memory of malloc(3), which the caller frees.
  auto* response = static_cast<pam_response*>(calloc(1, sizeof(pam_response)));
  if (response == nullptr) return PAM_BUF_ERR;
  const sudo_conv_message message = message_for(from, text.c_str());
  sudo_conv_reply reply{};
  if (sudo.function(1, &message, &reply, nullptr) != 0) {
    free(response);
    return PAM_CONV_ERR;
  }
  response->resp = reply.reply;  // the plugin's to free: sudo_plugin(5)
  *responses = response;
  return PAM_SUCCESS;
}

}  // namespace

pam_conv conv(SudoConversation& sudo) noexcept { return {converse, &sudo}; }

}  // namespace stepup::sudo_approval
