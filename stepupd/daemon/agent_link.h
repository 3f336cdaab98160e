// SPDX-License-Identifier: ISC
// Our end of the connection to an ssh agent that the module handed over.  What comes out of it is
// untrusted: whoever called sudo could put anything there.
#pragma once

#include <coroutine>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/result.h"
#include "stepupd/base/unique_fd.h"
#include "stepupd/daemon/io_source.h"
#include "stepupd/factor/ssh_agent.h"

namespace stepup::daemon {

// Whether `fd` is a stream to a process that was `uid` when it listened.  Fails with Untrusted.
[[nodiscard]] Status check_agent(int fd, uid_t uid);

// What came of one question.
struct AgentReply {
  enum class Kind : std::uint8_t {
    Whole,
    Broken,  // it closed, reads nothing, or says what is no answer
    TimedOut,
    Cancelled,  // by us
  };
  Kind kind = Kind::Cancelled;
  std::vector<std::uint8_t> answer;  // when Whole: without its length
  BootTime took{};
};

class AgentLink {
 public:
  AgentLink() = default;
  AgentLink(const AgentLink&) = delete;
  AgentLink& operator=(const AgentLink&) = delete;

  // Takes over `fd`.  Call once.
  Status start(sd_event* loop, UniqueFd fd);

  // co_await link.ask(request, within): sends `request` and waits for the whole answer.  Never
  // keeps more than one answer may have (kMaxAgentMessage).  One at a time.
  class Asking {
   public:
    Asking(AgentLink& link, std::vector<std::uint8_t> request, BootTime within)
        : link_(link), request_(std::move(request)), within_(within) {}
    [[nodiscard]] bool await_ready() { return !link_.send(request_, within_); }
    void await_suspend(std::coroutine_handle<> dialogue) { link_.waiter_ = dialogue; }
    AgentReply await_resume() { return std::exchange(link_.reply_, {}); }

   private:
    AgentLink& link_;
    std::vector<std::uint8_t> request_;
    BootTime within_;
  };
  Asking ask(std::vector<std::uint8_t> request, BootTime within) {
    return {*this, std::move(request), within};
  }

  // Closes the connection: what is asked, and whatever will be, is Cancelled at once.
  void cancel();

 private:
  bool send(std::span<const std::uint8_t> request, BootTime within);
  void receive();
  void finish(AgentReply::Kind kind);

  UniqueFd fd_;
  factor::AgentAnswerReader reader_;
  AgentReply reply_;
  BootTime asked_at_{};
  std::coroutine_handle<> waiter_;
  IoSource source_;
  TimerSource deadline_;
};

}  // namespace stepup::daemon
