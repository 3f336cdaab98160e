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
    AnswersMore,   // two responses more than there are messages, whose text the application keeps
    AnswersAll,    // as Answers, and to what needs no answer too, with a code of its own
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
  // Whether the text that the application keeps for itself was let alone.
  [[nodiscard]] bool kept_its_text() const { return strcmp(kept_text_, "kept") == 0; }
  std::function<void()> before_answer;  // runs when a prompt is shown
  int error = PAM_CONV_ERR;             // what the two that fail return

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
      case Behaviour::Fails: return error;
      case Behaviour::NullArray: return PAM_SUCCESS;
      case Behaviour::FailsAndSets:
        *responses = &kept_;
        kept_.resp = kept_text_;
        return error;
      case Behaviour::NullResponse:
      case Behaviour::Answers:
      case Behaviour::AnswersMore:
      case Behaviour::AnswersAll: break;
    }
    auto* response = static_cast<pam_response*>(calloc(3, sizeof(pam_response)));
    const bool answers = prompt && behaviour_ != Behaviour::NullResponse && !answers_.empty();
    if (answers) {
      response->resp = strdup(answers_.front().c_str());
      if (answers_.size() > 1) answers_.erase(answers_.begin());
    }
    if (behaviour_ == Behaviour::AnswersMore) response[1].resp = response[2].resp = kept_text_;
    if (behaviour_ == Behaviour::AnswersAll) {
      response->resp_retcode = PAM_CONV_ERR;
      if (!answers) response->resp = strdup("unasked");
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
