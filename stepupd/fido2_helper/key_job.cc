// SPDX-License-Identifier: ISC
#include "stepupd/fido2_helper/key_job.h"

#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace stepup::fido2_helper {
namespace {

using namespace std::chrono_literals;
using wire::CeremonyFailure;
using Kind = Report::Kind;

// The last tries are the person's own: a key with no try left must be reset, and forgets all.
constexpr int kTriesToLeave = 3;
constexpr int kSelectionSlice = 200;     // ms
constexpr BootTime kUnplugging = 300ms;  // until the node of a key that went is gone as well

bool is_there(const FoundKey& key) {
  struct stat file{};
  return stat(key.path.c_str(), &file) == 0 && file.st_rdev == key.device;
}

bool ran_out(int code) {
  return code == FIDO_ERR_USER_ACTION_TIMEOUT || code == FIDO_ERR_ACTION_TIMEOUT;
}

wire::CeremonyFailed because(CeremonyFailure cause, std::string detail = "") {
  return {cause, std::move(detail)};
}

}  // namespace

Reports::Reports() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Reports::post(Report report) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(report));
  (void)eventfd_write(event_.get(), 1);
}

std::vector<Report> Reports::drain() {
  const std::lock_guard lock(mutex_);
  eventfd_t count = 0;
  (void)eventfd_read(event_.get(), &count);
  return std::exchange(waiting_, {});
}

wire::CeremonyFailed failure_of(int code, bool gone, bool late) {
  switch (code) {
    case FIDO_ERR_PIN_BLOCKED: return because(CeremonyFailure::PinBlocked);
    case FIDO_ERR_PIN_AUTH_BLOCKED: return because(CeremonyFailure::PinSoftBlocked);
    case FIDO_ERR_PIN_NOT_SET: return because(CeremonyFailure::PinNotSet);
    case FIDO_ERR_UV_BLOCKED: return because(CeremonyFailure::UvBlocked);
    case FIDO_ERR_CREDENTIAL_EXCLUDED: return because(CeremonyFailure::Excluded);
    case FIDO_ERR_USER_ACTION_TIMEOUT:
    case FIDO_ERR_ACTION_TIMEOUT: return because(CeremonyFailure::TimedOut);
    case FIDO_ERR_KEY_STORE_FULL:
      return because(CeremonyFailure::Unsupported, "it has no room for another credential");
    case FIDO_ERR_UNSUPPORTED_OPTION:
    case FIDO_ERR_INVALID_OPTION:
      return because(CeremonyFailure::Unsupported, "it cannot store credentials");
    case FIDO_ERR_UNSUPPORTED_ALGORITHM:
      return because(CeremonyFailure::Unsupported,
                     "it has no signature algorithm that stepup knows");
    case FIDO_ERR_PIN_POLICY_VIOLATION:
      return because(CeremonyFailure::Unsupported, "its PIN must be changed first: fido2-token -C");
    case FIDO_ERR_TX:
    case FIDO_ERR_RX:
      if (gone) return because(CeremonyFailure::Unplugged);
      if (late) return because(CeremonyFailure::TimedOut);
      break;
    default: break;
  }
  return because(CeremonyFailure::Device, fido_strerr(code));
}

KeyJob::KeyJob(FoundKey key, const Operation& operation, Reports& reports, BootTime deadline)
    : key_(std::move(key)), operation_(operation), reports_(reports), deadline_(deadline) {
  thread_ = std::thread([this] { run(); });
}

KeyJob::~KeyJob() {
  stop();
  thread_.join();
}

void KeyJob::order(Order order) {
  const std::lock_guard lock(mutex_);
  order_ = order;
  told_.notify_all();
}

void KeyJob::give_pin(SecretBytes pin) {
  const std::lock_guard lock(mutex_);
  pin_ = std::move(pin);
  told_.notify_all();
}

void KeyJob::stop() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(stopped_, true)) return;
  if (device_ != nullptr) (void)fido_dev_cancel(device_);
  told_.notify_all();
}

void KeyJob::run() {
  if (!open()) return;
  const int looked = operation_.look(device_);
  if (looked == FIDO_ERR_NO_CREDENTIALS || looked == FIDO_ERR_INVALID_CREDENTIAL) {
    report({.kind = Kind::Unfit});
  } else if (looked != FIDO_OK) {
    end({looked, {}});
  } else {
    report({.kind = Kind::Ready});
    if (await_order() && await_selection()) serve();
  }
  fido_dev_t* device = nullptr;
  {
    const std::lock_guard lock(mutex_);
    device = std::exchange(device_, nullptr);
  }
  (void)fido_dev_close(device);
  fido_dev_free(&device);
}

bool KeyJob::open() {
  fido_dev_t* device = fido_dev_new();
  const int code = device == nullptr ? FIDO_ERR_INTERNAL : fido_dev_open(device, key_.path.c_str());
  if (code != FIDO_OK) {
    fido_dev_free(&device);
    end({code, {}});
    return false;
  }
  const std::lock_guard lock(mutex_);
  device_ = device;
  return true;
}

bool KeyJob::await_order() {
  std::unique_lock lock(mutex_);
  told_.wait(lock, [this] { return stopped_ || order_ != Order::None; });
  return !stopped_;
}

// Waits for the touch that says that this key of several is meant, where that is asked for.
bool KeyJob::await_selection() {
  if (order_ == Order::Go) return true;
  int code = fido_dev_get_touch_begin(device_);
  int touched = 0;
  while (code == FIDO_OK && touched == 0) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return false;
    }
    code = fido_dev_get_touch_status(device_, &touched, kSelectionSlice);
  }
  if (code != FIDO_OK) {
    end({code, {}});
    return false;
  }
  report({.kind = Kind::Selected});
  return true;
}

bool KeyJob::late() const { return boot_now() >= deadline_; }

Attempt KeyJob::attempt(const char* pin, bool uv) {
  const auto left = std::max<std::int64_t>(1, (deadline_ - boot_now()).count());
  (void)fido_dev_set_timeout(device_, static_cast<int>(left));
  return operation_.attempt(device_, pin, uv);
}

// Has the key prove: by a touch alone, by its own verification of the user, by its PIN, in this
// order, as far as what is demanded and what the key can do allow it.
void KeyJob::serve() {
  bool needs_uv = operation_.ceremony().uv;
  bool own_uv = fido_dev_has_uv(device_);
  bool pin_was_wrong = false;
  while (!late()) {
    if (!needs_uv) {
      report({.kind = Kind::TouchWanted});
      Attempt tried = attempt(nullptr, false);
      if (tried.code == FIDO_ERR_PIN_REQUIRED) {
        needs_uv = true;
      } else if (!ran_out(tried.code)) {
        return end(std::move(tried));
      }
    } else if (own_uv) {
      const auto goes_on = serve_with_uv();
      if (!goes_on) return;
      own_uv = *goes_on;
    } else if (fido_dev_has_pin(device_)) {
      if (!serve_with_pin(pin_was_wrong)) return;
    } else {
      const bool blocked = fido_dev_has_uv(device_);
      return fail(because(blocked ? CeremonyFailure::UvBlocked : CeremonyFailure::PinNotSet));
    }
  }
  fail(because(CeremonyFailure::TimedOut));
}

// Nothing: it ended.  Else whether the key's own verification may be tried again.
std::optional<bool> KeyJob::serve_with_uv() {
  report({.kind = Kind::UvWanted});
  Attempt tried = attempt(nullptr, true);
  if (ran_out(tried.code)) return true;
  int left = 0;
  switch (tried.code) {
    case FIDO_ERR_UV_INVALID:
      report({.kind = Kind::UvRefused});
      return fido_dev_get_uv_retry_count(device_, &left) == FIDO_OK && left > 0;
    case FIDO_ERR_UV_BLOCKED: return false;
    default: break;
  }
  end(std::move(tried));
  return {};
}

// Nothing: it ended.
std::optional<bool> KeyJob::serve_with_pin(bool& was_wrong) {
  int left = 0;
  if (const int code = fido_dev_get_retry_count(device_, &left); code != FIDO_OK) {
    end({code, {}});
    return {};
  }
  if (left <= kTriesToLeave) {
    fail(because(left == 0 ? CeremonyFailure::PinBlocked : CeremonyFailure::PinNearlyBlocked));
    return {};
  }
  const auto pin = await_pin({static_cast<std::uint8_t>(left), was_wrong});
  if (!pin) return {};
  // libfido2 wants it with a final NUL.
  SecretBytes text(pin->size() + 1);
  std::ranges::copy(pin->view(), text.bytes().begin());
  report({.kind = Kind::TouchWanted, .after_pin = true});
  Attempt tried = attempt(text.text().data(), false);
  was_wrong = tried.code == FIDO_ERR_PIN_INVALID;
  if (was_wrong || ran_out(tried.code)) return true;
  end(std::move(tried));
  return {};
}

std::optional<SecretBytes> KeyJob::await_pin(wire::PinWanted wanted) {
  report({.kind = Kind::PinWanted, .pin = wanted});
  std::unique_lock lock(mutex_);
  told_.wait(lock, [this] { return stopped_ || pin_; });
  if (stopped_) return {};
  return std::exchange(pin_, std::nullopt);
}

void KeyJob::end(Attempt attempt) {
  if (attempt.code == FIDO_OK && attempt.evidence) {
    return report({.kind = Kind::Done, .evidence = std::move(*attempt.evidence)});
  }
  const BootTime until = boot_now() + kUnplugging;
  bool gone = !is_there(key_);
  while (!gone && boot_now() < until &&
         (attempt.code == FIDO_ERR_TX || attempt.code == FIDO_ERR_RX)) {
    std::this_thread::sleep_for(30ms);
    gone = !is_there(key_);
  }
  fail(failure_of(attempt.code, gone, late()));
}

void KeyJob::fail(wire::CeremonyFailed why) {
  report({.kind = Kind::Failed, .why = std::move(why)});
}

void KeyJob::report(Report report) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
  }
  report.key = key_.device;
  reports_.post(std::move(report));
}

}  // namespace stepup::fido2_helper
