// SPDX-License-Identifier: ISC
// Stands in for an application's conversation function (pam_conv(3)), the broken ones included.
// Include it before CppUTest, whose malloc is not the one that the module frees with.
#pragma once

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace stepup::fakes {

class FakeConversation {
 public:
  enum class Behaviour {
    Answers,       // the next of `answers`; the last one again when they run out
    Fails,         // PAM_CONV_ERR
    NullArray,     // PAM_SUCCESS, but no array
    NullResponse,  // PAM_SUCCESS, but no text
    FailsAndSets,  // PAM_CONV_ERR, and an array that the application keeps
  };
  struct Message {
    int style;
    std::string text;
    bool operator==(const Message&) const = default;
  };

  explicit FakeConversation(std::vector<std::string> answers = {},
                            Behaviour behaviour = Behaviour::Answers)
      : behaviour_(behaviour), answers_(std::move(answers)), conv_{&converse, this} {}
  FakeConversation(const FakeConversation&) = delete;
  FakeConversation& operator=(const FakeConversation&) = delete;

  [[nodiscard]] const pam_conv* conv() const { return &conv_; }
  [[nodiscard]] const std::vector<Message>& heard() const { return heard_; }
  [[nodiscard]] std::vector<std::string> texts(int style) const {
    std::vector<std::string> texts;
    for (const Message& message : heard_) {
      if (message.style == style) texts.push_back(message.text);
    }
    return texts;
  }
  std::function<void()> before_answer;  // runs when a prompt is shown

 private:
  static int converse(int count, const pam_message** messages, pam_response** responses,
                      void* self) {
    return static_cast<FakeConversation*>(self)->respond(count, messages, responses);
  }

  int respond(int count, const pam_message** messages, pam_response** responses) {
    if (count != 1) abort();
    heard_.push_back({messages[0]->msg_style, messages[0]->msg});
    const bool prompt = messages[0]->msg_style == PAM_PROMPT_ECHO_OFF ||
                        messages[0]->msg_style == PAM_PROMPT_ECHO_ON;
    if (prompt && before_answer) before_answer();
    switch (behaviour_) {
      case Behaviour::Fails: return PAM_CONV_ERR;
      case Behaviour::NullArray: return PAM_SUCCESS;
      case Behaviour::FailsAndSets:
        *responses = &kept_;
        kept_.resp = kept_text_;
        return PAM_CONV_ERR;
      case Behaviour::NullResponse:
      case Behaviour::Answers: break;
    }
    auto* response = static_cast<pam_response*>(calloc(1, sizeof(pam_response)));
    if (prompt && behaviour_ == Behaviour::Answers && !answers_.empty()) {
      response->resp = strdup(answers_.front().c_str());
      if (answers_.size() > 1) answers_.erase(answers_.begin());
    }
    *responses = response;
    return PAM_SUCCESS;
  }

  Behaviour behaviour_;
  std::vector<std::string> answers_;
  std::vector<Message> heard_;
  pam_conv conv_;
  pam_response kept_{};
  char kept_text_[8] = "kept";
};

}  // namespace stepup::fakes
