// SPDX-License-Identifier: ISC
// Stands in for sudo's conversation function.  Include it before CppUTest, whose malloc is not the
// one that the plugin frees with.
#pragma once

#include <string.h>

#include <string>
#include <utility>
#include <vector>

#include "sudo_approval/sudo_plugin_api.h"

namespace stepup::fakes {

// What the conversation was told, and what it answers.
struct Told {
  std::vector<std::pair<int, std::string>> messages;
  const char* answer = "755224";
  int result = 0;
};
inline Told* told = nullptr;  // sudo's function takes no closure

inline int sudo_converses(int count, const sudo_conv_message messages[], sudo_conv_reply replies[],
                          sudo_conv_callback* /*callback*/) {
  for (int i = 0; i < count; ++i) {
    told->messages.emplace_back(messages[i].msg_type, messages[i].msg);
    const bool asks = messages[i].msg_type == SUDO_CONV_PROMPT_ECHO_OFF ||
                      messages[i].msg_type == SUDO_CONV_PROMPT_ECHO_ON;
    if (asks && told->result == 0 && told->answer != nullptr) {
      replies[i].reply = strdup(told->answer);
    }
  }
  return told->result;
}

}  // namespace stepup::fakes
