// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/ceremony.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "stepupd/fido2_helper/key_finder.h"
#include "stepupd/fido2_helper/key_job.h"

namespace stepup::fido2_helper {
namespace {

using namespace std::chrono_literals;
using wire::CeremonyFailure;
using wire::CeremonyStage;

constexpr int kSlice = 50;               // ms
constexpr BootTime kLookAgain = 250ms;   // for keys that are plugged in meanwhile
constexpr BootTime kFirstLook = 1500ms;  // for all keys to say whether they can serve
constexpr BootTime kPinJudged = 400ms;   // after which a PIN was right, and a touch is wanted

enum class KeyState : std::uint8_t { Looking, Unfit, Ready, Selecting, Working, Ended };

struct Key {
  std::unique_ptr<KeyJob> job;
  KeyState state = KeyState::Looking;
  CeremonyStage wants = CeremonyStage::TouchWanted;  // when Working
  BootTime wants_since{};
};

class CeremonyRun {
 public:
  CeremonyRun(const Operation& operation, Port& port)
      : operation_(operation),
        port_(port),
        started_(boot_now()),
        deadline_(started_ + std::chrono::seconds(operation.ceremony().seconds)) {}

  void run() {
    while (!over_) {
      const BootTime now = boot_now();
      port_.tick(now);
      if (now >= look_due_) {
        look_due_ = now + kLookAgain;
        look_for_keys();
      }
      if (now >= deadline_) fail({CeremonyFailure::TimedOut, ""});
      if (!over_) set_to_work(now);
      if (!over_) say_stage(now);
      if (!over_) wait();
    }
    // Cancelled by now; what a thread still does with its key ends with the process.
    for (auto& [device, key] : keys_) key.job->stop();
  }

 private:
  void wait() {
    pollfd watched[] = {
        {port_.fd(),    POLLIN, 0},
        {reports_.fd(), POLLIN, 0}
    };
    (void)poll(watched, std::size(watched), kSlice);
    if (watched[0].revents != 0) {
      Port::Word word = port_.hear();
      if (word.cancelled) return fail({CeremonyFailure::Cancelled, ""});
      if (word.pin && pin_job_ != nullptr) {
        std::exchange(pin_job_, nullptr)->give_pin(std::move(*word.pin));
      }
    }
    for (Report& report : reports_.drain()) {
      const auto found = keys_.find(report.key);
      if (found != keys_.end() && !over_) take(found->second, report);
    }
  }

  void look_for_keys() {
    const auto found = find_keys(operation_.ceremony().devices);
    used_by_.clear();
    std::erase_if(keys_, [&](auto& entry) {
      const bool idle =
          entry.second.state == KeyState::Unfit || entry.second.state == KeyState::Ended;
      return idle && std::ranges::none_of(
                         found, [&](const FoundKey& key) { return key.device == entry.first; });
    });
    for (const FoundKey& key : found) {
      if (keys_.contains(key.device)) continue;
      if (!key.used_by.empty()) {
        used_by_ = key.used_by;
        continue;
      }
      keys_[key.device].job = std::make_unique<KeyJob>(key, operation_, reports_, deadline_);
    }
  }

  [[nodiscard]] std::size_t count(KeyState state) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        keys_, [state](const auto& entry) { return entry.second.state == state; }));
  }

  // Gives orders to the keys that are ready, once it is known how many there are.
  void set_to_work(BootTime now) {
    const std::size_t ready = count(KeyState::Ready);
    if (ready == 0) return;
    if (count(KeyState::Looking) > 0 && now - started_ < kFirstLook) return;
    const std::size_t busy = count(KeyState::Selecting) + count(KeyState::Working);
    const bool one_key = operation_.needs_one_key() || operation_.ceremony().uv;
    if (one_key && count(KeyState::Working) > 0) return;  // a key that comes too late
    const bool select = one_key && ready + busy > 1;
    for (auto& [device, key] : keys_) {
      if (key.state != KeyState::Ready) continue;
      key.state = select ? KeyState::Selecting : KeyState::Working;
      key.wants_since = boot_now() + (select ? BootTime::zero() : kLookAgain);
      key.job->order(select ? KeyJob::Order::Select : KeyJob::Order::Go);
    }
  }

  void take(Key& key, Report& report) {
    using Kind = Report::Kind;
    switch (report.kind) {
      case Kind::Unfit: key.state = KeyState::Unfit; return;
      case Kind::Ready: key.state = KeyState::Ready; return;
      case Kind::Selected:
        keep_only(key);
        key.state = KeyState::Working;
        key.wants_since = boot_now() + kPinJudged;
        return;
      case Kind::TouchWanted:
        return wants(key, CeremonyStage::TouchWanted, report.after_pin ? kPinJudged : 0ms);
      case Kind::UvWanted: return wants(key, CeremonyStage::UvWanted, 0ms);
      case Kind::UvRefused:
        port_.say(wire::CeremonyProgress{CeremonyStage::UvRefused, ""});
        said_.reset();
        return;
      case Kind::PinWanted:
        keep_only(key);
        pin_job_ = key.job.get();
        key.wants_since = BootTime::max();
        port_.say(report.pin);
        said_.reset();
        return;
      case Kind::Done: return finish(*key.job, std::move(report.evidence));
      case Kind::Failed:
        key.state = KeyState::Ended;
        if (count(KeyState::Looking) + count(KeyState::Ready) + count(KeyState::Selecting) +
                count(KeyState::Working) ==
            0) {
          fail(std::move(report.why));
        }
        return;
    }
  }

  void wants(Key& key, CeremonyStage stage, BootTime from_now) {
    key.wants = stage;
    key.wants_since = boot_now() + from_now;
    say_stage(boot_now());  // at once: whoever is quick would never see it
  }

  // The person has chosen: the others must not blink any more.
  void keep_only(const Key& chosen) {
    for (auto& [device, key] : keys_) {
      if (&key == &chosen) continue;
      key.job->stop();
      key.state = KeyState::Ended;
    }
  }

  void finish(const KeyJob& job, Evidence evidence) {
    over_ = true;
    for (auto& [device, key] : keys_) key.job->stop();
    if (auto* made = std::get_if<wire::NewCredential>(&evidence)) {
      made->model = job.key().model;
      port_.say(*made);
    } else {
      port_.say(std::get<wire::Assertion>(evidence));
    }
  }

  void fail(wire::CeremonyFailed why) {
    over_ = true;
    for (auto& [device, key] : keys_) key.job->stop();
    port_.say(why);
  }

  // What is waited for; nothing while that is not known.
  [[nodiscard]] std::optional<wire::CeremonyProgress> stage(BootTime now) const {
    bool working = false;
    for (const auto& [device, key] : keys_) {
      if (key.state != KeyState::Working) continue;
      working = true;
      if (now >= key.wants_since) return wire::CeremonyProgress{key.wants, ""};
    }
    if (working) return {};
    if (count(KeyState::Selecting) > 0) return wire::CeremonyProgress{CeremonyStage::SelectKey, ""};
    if (count(KeyState::Looking) + count(KeyState::Ready) > 0) return {};
    if (!used_by_.empty()) return wire::CeremonyProgress{CeremonyStage::Busy, used_by_};
    if (count(KeyState::Unfit) > 0) return wire::CeremonyProgress{CeremonyStage::OtherKey, ""};
    return wire::CeremonyProgress{CeremonyStage::NoKey, ""};
  }

  void say_stage(BootTime now) {
    auto progress = stage(now);
    if (!progress || progress == said_) return;
    port_.say(*progress);
    said_ = std::move(progress);
  }

  const Operation& operation_;
  Port& port_;
  BootTime started_;
  BootTime deadline_;
  BootTime look_due_{};
  Reports reports_;
  std::map<dev_t, Key> keys_;
  std::string used_by_;        // a key that is open elsewhere
  KeyJob* pin_job_ = nullptr;  // waits for a PIN
  std::optional<wire::CeremonyProgress> said_;
  bool over_ = false;
};

}  // namespace

void run_ceremony(const Operation& operation, Port& port) {
  // Never destroyed: a thread that hangs in a broken key must not hold up the end of the process.
  auto* const run = new CeremonyRun(operation, port);
  run->run();
}

}  // namespace stepup::fido2_helper
