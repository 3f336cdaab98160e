// SPDX-License-Identifier: ISC
// Who may be asked for a touch now.  A person has one outstanding touch, so that it never answers
// another prompt than the one they look at; and requests that go unanswered end in a pause, so that
// nobody is worn down until they touch (MFA fatigue).
#pragma once

#include <sys/types.h>

#include <coroutine>
#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/daemon/io_source.h"

namespace stepup::daemon {

// Three touches that were asked for and not given, within five minutes, pause the subject's for
// fifteen.  Any touch given starts anew.  Pure given `now`.
class TouchFatigue {
 public:
  // How long no touch may be asked of `uid`; zero = it may.
  [[nodiscard]] BootTime paused_for(uid_t uid, BootTime now) const;
  void unanswered(uid_t uid, BootTime now);
  void answered(uid_t uid) { unanswered_.erase(uid); }

 private:
  std::map<uid_t, std::deque<BootTime>> unanswered_;  // the last three
};

// What a touch is asked for, in words for another request that has to wait.
struct TouchPurpose {
  std::string what;        // "sudo: id -u"
  std::string code;        // the prompt's short code
  bool plugged_in = true;  // of a key here, which takes one of the helper's places
};

class TouchDesk {
 public:
  TouchFatigue fatigue;

  Status start(sd_event* loop);

  // What `uid` is asked to touch for now; null = nothing.
  [[nodiscard]] const TouchPurpose* outstanding(uid_t uid) const;

  // Whether as many touches of keys that are plugged in are outstanding as this host has at once
  // (four).  Those behind ssh do not count: a few users with silent agents would keep everybody
  // else from touching.
  [[nodiscard]] bool is_full() const;

  // co_await turn: waits until no other touch of the subject's is outstanding.  True: this one is,
  // until the Turn is destroyed.  False: abandon() came first.
  class Turn {
   public:
    Turn(TouchDesk& desk, uid_t uid, TouchPurpose purpose)
        : desk_(desk), uid_(uid), purpose_(std::move(purpose)) {}
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    [[nodiscard]] bool await_ready();
    void await_suspend(std::coroutine_handle<> dialogue) { waiter_ = dialogue; }
    [[nodiscard]] bool await_resume() const noexcept { return holds_; }

    // Nobody waits for this turn any more.
    void abandon();

   private:
    friend class TouchDesk;
    TouchDesk& desk_;
    uid_t uid_;
    TouchPurpose purpose_;
    bool holds_ = false;
    std::coroutine_handle<> waiter_;
  };

 private:
  static constexpr std::ptrdiff_t kMaxOutstanding = 4;

  void leave(Turn& turn);
  void wake(Turn& turn);
  void run_woken();

  std::map<uid_t, std::deque<Turn*>> queues_;  // the first of each holds
  std::vector<Turn*> woken_;
  TimerSource waking_;  // not at once: a turn ends in the middle of its holder's clean-up
};

}  // namespace stepup::daemon
