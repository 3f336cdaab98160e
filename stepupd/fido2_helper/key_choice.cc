// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/key_choice.h"

#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "stepupd/fido2_helper/errand.h"
#include "stepupd/fido2_helper/failures.h"
#include "stepupd/fido2_helper/key_finder.h"
#include "stepupd/fido2_helper/lock_holder.h"

namespace stepup::fido2_helper {
namespace {

using wire::CeremonyFailed;
using wire::CeremonyFailure;
using wire::CeremonyStage;

constexpr BootTime kScanInterval = std::chrono::milliseconds(250);
constexpr BootTime kBrokenInterval = std::chrono::seconds(1);
constexpr BootTime kLookTime = std::chrono::seconds(3);
constexpr std::size_t kMaxErrands = 8;
constexpr std::chrono::milliseconds kGrace(150);

using Outcome = std::expected<Choice, CeremonyFailed>;

// One key that is plugged in.
struct Seat {
  enum class Phase : std::uint8_t {
    New,
    Locked,     // another program uses it
    Useless,    // and closed again
    Broken,     // it could not be opened, or did not answer as a key does
    Fit,        // open, and nothing asked of it yet
    Serving,    // its touch is waited for, for Plan::serve
    Selecting,  // its touch is waited for, to choose it
  };

  FoundKey where;
  Phase phase = Phase::New;
  std::string trouble = {};  // of Locked and Broken
  BootTime look_due = {};    // of New, Locked and Broken
  std::shared_ptr<Key> key = {};
  std::shared_ptr<Fitness> fitness = {};
  Errand errand = {};
  BootTime asked = {};  // for a touch

  [[nodiscard]] bool may_serve() const {
    return phase == Phase::Fit || phase == Phase::Serving || phase == Phase::Selecting;
  }
  [[nodiscard]] bool looked_at() const { return !may_serve() && errand.started(); }
};
using Phase = Seat::Phase;

std::string said_of(const Error& error) {
  const char* description = strerrordesc_np(error.sys_errno);
  return error.sys_errno == 0 || description == nullptr ? error.what : description;
}

class Chooser {
 public:
  Chooser(Port& port, const wire::Ceremony& ceremony, BootTime deadline, const Plan& plan)
      : port_(port), devices_(ceremony.devices), deadline_(deadline), plan_(plan) {}
  Chooser(const Chooser&) = delete;
  Chooser& operator=(const Chooser&) = delete;

  // No key blinks when the ceremony is over.
  ~Chooser() {
    for (const Seat& seat : seats_) {
      if (seat.key) seat.key->stop();
    }
    const auto until = std::chrono::steady_clock::now() + kGrace;
    for (Seat& seat : seats_) seat.errand.leave(until);
  }

  Outcome run() {
    for (;;) {
      if (boot_now() >= scan_due_) scan();
      if (auto outcome = collect()) return std::move(*outcome);
      if (auto outcome = ask()) return std::move(*outcome);
      tell();
      if (boot_now() >= deadline_) return std::unexpected(out_of_time());
      if (!port_.wait(std::min(deadline_, scan_due_))) {
        return std::unexpected(CeremonyFailed{CeremonyFailure::Cancelled, ""});
      }
    }
  }

 private:
  void scan();
  void look_at(Seat& seat);
  std::optional<Outcome> collect();
  void judge_look(Seat& seat, int result);
  std::optional<Outcome> judge_touch(Seat& seat, int result);
  std::optional<Outcome> ask();
  void tell();
  [[nodiscard]] CeremonyFailed out_of_time() const;

  [[nodiscard]] std::ptrdiff_t count(bool (Seat::*is)() const) const {
    return std::ranges::count_if(seats_, [is](const Seat& seat) { return (seat.*is)(); });
  }

  Port& port_;
  const std::vector<std::string>& devices_;
  BootTime deadline_;
  const Plan& plan_;
  std::list<Seat> seats_;  // an address each, for as long as its errand runs
  BootTime scan_due_{};
};

// Takes up keys that were plugged in, and forgets those that went.
void Chooser::scan() {
  scan_due_ = boot_now() + kScanInterval;
  const auto found = find_keys(devices_);
  seats_.remove_if([&](const Seat& seat) {
    return !seat.errand.started() &&
           std::ranges::find(found, seat.where.node, &FoundKey::node) == found.end();
  });
  for (const FoundKey& key : found) {
    const bool known =
        std::ranges::any_of(seats_, [&](const Seat& seat) { return seat.where.node == key.node; });
    if (!known) seats_.push_back({.where = key});
  }
  for (Seat& seat : seats_) {
    const bool waits =
        seat.phase == Phase::New || seat.phase == Phase::Locked || seat.phase == Phase::Broken;
    const bool room = static_cast<std::size_t>(std::ranges::count_if(seats_, [](const Seat& other) {
                        return other.errand.started();
                      })) < kMaxErrands;
    if (waits && room && !seat.errand.started() && boot_now() >= seat.look_due) look_at(seat);
  }
}

void Chooser::look_at(Seat& seat) {
  seat.key = std::make_shared<Key>(seat.where, port_.attention());
  seat.fitness = std::make_shared<Fitness>(Fitness::Unfit);
  const BootTime until = std::min(deadline_, boot_now() + kLookTime);
  seat.errand = Errand(port_.attention(),
                       [key = seat.key, fitness = seat.fitness, until, look = plan_.look]() -> int {
                         const int opened = key->open(until);
                         return opened == 0 ? look(*key, *fitness) : opened;
                       });
}

// Takes what the keys' threads brought.
std::optional<Outcome> Chooser::collect() {
  for (auto seat = seats_.begin(); seat != seats_.end();) {
    const auto next = std::next(seat);
    if (seat->errand.finished()) {
      const int result = seat->errand.take();
      if (!seat->may_serve()) {
        judge_look(*seat, result);
      } else if (auto outcome = judge_touch(*seat, result)) {
        return outcome;
      }
      if (seat->key && seat->key->gone()) seats_.erase(seat);
    }
    seat = next;
  }
  return std::nullopt;
}

void Chooser::judge_look(Seat& seat, int result) {
  const Status& opened = seat.key->open_error();
  if (!opened && opened.error().code == Errc::Busy) {
    seat.phase = Phase::Locked;
    struct stat file{};
    seat.trouble = stat(seat.where.path.c_str(), &file) == 0 ? holder_of(file) : kSomeProgram;
  } else if (seat.key->used_elsewhere()) {
    seat.phase = Phase::Locked;
    seat.trouble = kSomeProgram;
  } else if (result != 0) {
    // It may be about to start, or udev about to give us the right to it.
    seat.phase = Phase::Broken;
    seat.trouble = opened ? failed(result).detail : said_of(opened.error());
    seat.look_due = boot_now() + kBrokenInterval;
  } else if (*seat.fitness == Fitness::Unfit) {
    seat.phase = Phase::Useless;
  } else {
    seat.phase = Phase::Fit;
    return;
  }
  if (!seat.key->gone()) seat.key.reset();
}

std::optional<Outcome> Chooser::judge_touch(Seat& seat, int result) {
  if (result == 0) {
    const bool served = seat.phase == Phase::Serving;
    return Choice{std::move(seat.key), served};
  }
  if (wants_verification(result)) *seat.fitness = Fitness::NeedsMore;
  if (wants_verification(result) || waited_in_vain(result, seat.asked)) {
    seat.phase = Phase::Fit;
    return std::nullopt;
  }
  if (seat.key->used_elsewhere()) {
    seat.phase = Phase::Locked;
    seat.key.reset();
    return std::nullopt;
  }
  const bool gone = seat.key->gone();
  if (boot_now() >= deadline_) return std::unexpected(out_of_time());
  seat.phase = Phase::Broken;
  seat.look_due = deadline_;
  seat.trouble = failed(result).detail;
  if (!gone) seat.key.reset();
  if (count(&Seat::may_serve) + count(&Seat::looked_at) > 0) return std::nullopt;
  return std::unexpected(gone ? CeremonyFailed{CeremonyFailure::Unplugged, ""} : failed(result));
}

// Asks those keys for a touch that were found fit.
std::optional<Outcome> Chooser::ask() {
  for (Seat& seat : seats_) {
    if (seat.phase != Phase::Fit) continue;
    if (*seat.fitness == Fitness::Serves) {
      seat.phase = Phase::Serving;
      seat.asked = boot_now();
      seat.errand =
          Errand(port_.attention(), [key = seat.key, serve = plan_.serve] { return serve(*key); });
    } else if (count(&Seat::looked_at) > 0) {
      continue;  // it may not be the only one
    } else if (count(&Seat::may_serve) == 1) {
      return Choice{std::move(seat.key), false};
    } else {
      seat.phase = Phase::Selecting;
      seat.asked = boot_now();
      seat.errand = Errand(port_.attention(), [key = seat.key, deadline = deadline_] {
        return key->wait_for_touch(deadline);
      });
    }
  }
  return std::nullopt;
}

void Chooser::tell() {
  const auto find = [this](Phase phase) { return std::ranges::find(seats_, phase, &Seat::phase); };
  if (find(Phase::Selecting) != seats_.end()) {
    port_.tell(CeremonyStage::SelectKey);
  } else if (find(Phase::Serving) != seats_.end()) {
    port_.tell(CeremonyStage::TouchWanted);
  } else if (find(Phase::New) != seats_.end() || find(Phase::Fit) != seats_.end()) {
    return;  // soon it will be known
  } else if (const auto locked = find(Phase::Locked); locked != seats_.end()) {
    port_.tell(CeremonyStage::Busy, locked->trouble);
  } else if (const auto broken = find(Phase::Broken); broken != seats_.end()) {
    port_.tell(CeremonyStage::OtherKey, broken->trouble);
  } else {
    port_.tell(seats_.empty() ? CeremonyStage::NoKey : CeremonyStage::OtherKey);
  }
}

CeremonyFailed Chooser::out_of_time() const {
  const bool all_broken = !seats_.empty() && std::ranges::all_of(seats_, [](const Seat& seat) {
    return seat.phase == Phase::Broken;
  });
  if (all_broken) return {CeremonyFailure::Device, seats_.front().trouble};
  return {CeremonyFailure::TimedOut, ""};
}

}  // namespace

Outcome choose_key(Port& port, const wire::Ceremony& ceremony, BootTime deadline,
                   const Plan& plan) {
  return Chooser(port, ceremony, deadline, plan).run();
}

}  // namespace stepup::fido2_helper
