// SPDX-License-Identifier: ISC
#include "stepupd/daemon/engine.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "stepupd/daemon/audit.h"
#include "stepupd/daemon/host_identity.h"
#include "stepupd/session/asker.h"

namespace stepup::daemon {
namespace {

using namespace std::chrono_literals;

constexpr BootTime kRefreshAccounts = 5min;
constexpr BootTime kNoticeLogouts = 30s;
constexpr BootTime kWriteActivity = 5s;

}  // namespace

Engine::Engine(Paths paths, std::string host_name, std::string boot)
    : host(std::move(host_name)), boot_id(std::move(boot)), paths_(std::move(paths)) {}

Engine::~Engine() {
  worker_.stop();
  const auto rows = activity.take();
  if (rows.empty()) return;
  if (store::Store* store = opened_store()) (void)write_activity(*store, rows, activity_before());
}

Status Engine::start(sd_event* loop) {
  loop_ = loop;
  if (opened_store() == nullptr) {
    // A second stepupd on the same state would undo what the first one burns.
    if (store_error_.code == Errc::Busy) return std::unexpected(store_error_);
    audit::trouble(store_error_, "denying what needs a factor");
  }
  adopt(read_files());
  if (auto started = touch_desk.start(loop); !started) return started;
  auto refreshing = refresh_.start(loop, [this] { refresh_accounts(); });
  if (!refreshing) return refreshing;
  refresh_.arm(kRefreshAccounts);
  if (auto looking = logouts_.start(loop, [this] { notice_logouts(); }); !looking) return looking;
  logouts_.arm(kNoticeLogouts);
  auto writing = writing_.start(loop, [this] { write_activity_down(); });
  if (!writing) return writing;
  return worker_.start(loop);
}

Now Engine::now() const { return {static_cast<std::int64_t>(time(nullptr)), boot_now(), boot_id}; }

Limits Engine::limits() const {
  Limits limits;
  if (rules) {
    const rules::Settings& settings = rules->set.settings;
    limits = {settings.max_failures, settings.max_backoff, settings.fido2, settings.ssh_sk};
  }
  return limits;
}

std::string Engine::rp_id() const {
  const bool named = rules && !rules->set.settings.rp_id.empty();
  return named ? rules->set.settings.rp_id : own_rp_id_;
}

std::vector<std::string> Engine::fido2_devices() const {
  if (!rules) return {};
  return rules->set.settings.devices;
}

DeclaredSource Engine::declared() const { return {paths_.conf.etc_dir, rp_id(), {.owner = 0}}; }

bool Engine::allows_model(const factor::Aaguid& model) const {
  if (!rules) return false;
  const std::vector<std::string>& models = rules->set.settings.aaguids;
  return models.empty() || std::ranges::find(models, factor::to_string(model)) != models.end();
}

Engine::FilesRead Engine::read_files() {
  FilesRead read;
  if (store::Store* store = opened_store()) {
    if (auto transaction = store->begin_reading()) {
      read.enrolled_rp_id = transaction->recorded_rp_id().value_or(std::nullopt).value_or("");
    }
  }
  read.rules = load_rules(paths_.conf, paths_.state_dir, read.enrolled_rp_id);
  return read;
}

void Engine::notice_suspend() {
  if (ledger.forget_if_slept(suspended_since_boot())) {
    audit::state("the host was suspended, all grants forgotten");
  }
}

bool Engine::reminds_today(uid_t subject) {
  const std::int64_t today = now().unix_seconds / std::chrono::seconds(24h).count();
  if (std::exchange(reminder_day_, today) != today) reminded_.clear();
  return reminded_.insert(subject).second;
}

void Engine::notice_logout(const SessionKey& session) {
  const Login* const login = ledger.logins().find(session);
  if (login == nullptr) return;
  if (session::has_ended(login->where.process, login->where.process_start)) {
    ledger.close_session(session);
  }
}

std::int64_t Engine::activity_before() const {
  const BootTime keep = rules ? rules->set.settings.activity_keep : BootTime::max();
  return now().unix_seconds - std::chrono::floor<std::chrono::seconds>(keep).count();
}

void Engine::note_activity(store::Activity row) {
  const bool kept = rules && rules->set.settings.activity_keep > BootTime::zero();
  activity.note(std::move(row), boot_now(), kept);
  if (!activity.empty() && !writing_.is_armed()) writing_.arm(kWriteActivity);
}

void Engine::write_activity_down() {
  if (const std::size_t left_out = activity.take_left_out(); left_out > 0) {
    audit::state(std::to_string(left_out) + " decisions were left out of the recent activity");
  }
  auto failed = std::make_shared<Status>();
  auto work = [this, failed, rows = activity.take(), before = activity_before()] {
    store::Store* store = opened_store();
    *failed = store ? write_activity(*store, rows, before) : std::unexpected(store_error_);
    if (!*failed && failed->error().code == Errc::Storage) store_.reset();
  };
  auto done = [this, failed] {
    // Said once, since a full disk stays full for a while.
    if (!*failed && !activity_failed_) {
      audit::trouble(failed->error(), "recent activity is not recorded");
    }
    activity_failed_ = !*failed;
  };
  if (auto queued = worker_.submit(kNoUid, {std::move(work), std::move(done)}); !queued) {
    audit::trouble(queued.error(), "recent activity is not recorded");
  }
}

void Engine::notice_logouts() {
  logouts_.arm(kNoticeLogouts);
  for (const Login& login : ledger.logins().all()) notice_logout(login.where.session);
}

void Engine::adopt(FilesRead read) {
  // Where stepupd.conf names none it is that of the keys which are enrolled already, since it must
  // not change under them: a machine id may be made anew.
  own_rp_id_ = std::move(read.enrolled_rp_id);
  if (own_rp_id_.empty()) {
    auto rp_id = default_rp_id();
    if (!rp_id) audit::trouble(rp_id.error(), "security keys need [host] rp_id");
    own_rp_id_ = std::move(rp_id).value_or("");
  }
  Loaded& loaded = read.rules;
  for (const rules::Problem& problem : loaded.problems) {
    audit::rules_bad(rules::to_string(problem), loaded.rules ? "going on with the last good rules"
                                                             : "denying everything that asks");
  }
  if (loaded.unsaved) {
    audit::rules_bad(rules::to_string(*loaded.unsaved),
                     "these rules are not kept as the last good");
  }
  rules_problem = loaded.problems.empty() ? "" : rules::to_string(loaded.problems.front());
  rules = std::move(loaded.rules);
  if (loaded.problems.empty()) {
    stale_since = 0;
  } else if (loaded.stale_since) {
    stale_since = *loaded.stale_since;
  } else if (stale_since == 0) {
    stale_since = now().unix_seconds;
  }
  audit::rules_in_force(rules ? rules->digest : "");
  if (!rules) return;
  if (rules->stale) {
    audit::rules_stale(stale_since, rules->set.rules.size());
  } else {
    audit::rules_loaded(rules->set.rules.size());
  }
}

void Engine::reload() {
  auto read = std::make_shared<FilesRead>();
  const auto queued = worker_.submit(kNoUid, {[this, read] { *read = read_files(); },
                                              [this, read] {
                                                adopt(std::move(*read));
                                                (void)sd_notify(0, "READY=1");
                                              }});
  if (queued) {
    (void)sd_notify(0, "RELOADING=1");  // ends with the READY=1 above, which runs later
  } else {
    audit::trouble(queued.error(), "not reloading; try again");
  }
}

void Engine::refresh_accounts() {
  refresh_.arm(kRefreshAccounts);
  if (!rules) return;
  auto fresh = std::make_shared<std::shared_ptr<const InForce>>();
  const auto queued =
      worker_.submit(kNoUid, {[fresh, old = rules] { *fresh = resolve_again(*old); },
                              [this, fresh, old = rules] {
                                if (rules == old) rules = *fresh;  // else a reload was faster
                              }});
  if (!queued) audit::trouble(queued.error(), "group members may be out of date");
}

store::Store* Engine::opened_store() {
  if (store_) return store_.get();
  // A directory that is found empty at start is a new host; one that is emptied later is a fault.
  auto opened =
      store::Store::open(paths_.state_dir, paths_.credentials_dir,
                         was_open_ ? store::Store::IfAbsent::Refuse : store::Store::IfAbsent::Make);
  if (!opened) {
    store_error_ = opened.error();
    return nullptr;
  }
  store_ = std::make_unique<store::Store>(std::move(*opened));
  was_open_ = true;
  return store_.get();
}

}  // namespace stepup::daemon
