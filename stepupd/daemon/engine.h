// SPDX-License-Identifier: ISC
// What every dialogue works with: the rules, the grants, the store behind its worker, the host.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/daemon/activity_log.h"
#include "stepupd/daemon/declared_keys.h"
#include "stepupd/daemon/grant_ledger.h"
#include "stepupd/daemon/io_source.h"
#include "stepupd/daemon/otp_verification.h"
#include "stepupd/daemon/rules_in_force.h"
#include "stepupd/daemon/touch_desk.h"
#include "stepupd/daemon/worker.h"
#include "stepupd/factor/digest.h"
#include "stepupd/factor/fido2_attestation.h"
#include "stepupd/store/store.h"

namespace stepup::daemon {

struct Paths {
  rules::Layout conf;
  std::string state_dir = "/var/lib/stepup";
  std::string credentials_dir;  // $CREDENTIALS_DIRECTORY, may be empty
  std::string helper_socket = "/run/stepup/fido2-helper.sock";
};

class Engine {
 public:
  Engine(Paths paths, std::string host, std::string boot_id);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Loads rules and opens the store (both may fail: then stepupd runs and denies), and starts the
  // worker and the timers.  Blocks.
  Status start(sd_event* loop);

  // Loads the rules anew, without holding up the loop.
  void reload();

  [[nodiscard]] Now now() const;
  [[nodiscard]] Limits limits() const;
  [[nodiscard]] sd_event* loop() const noexcept { return loop_; }
  [[nodiscard]] const std::string& helper_socket() const noexcept { return paths_.helper_socket; }

  // Of the rules in force: the relying party of this host, and where its keys are looked for
  // besides.
  [[nodiscard]] std::string rp_id() const;
  [[nodiscard]] std::vector<std::string> fido2_devices() const;
  // Where keys are declared beside those that are enrolled.
  [[nodiscard]] DeclaredSource declared() const;
  // Whether keys of this model may be enrolled.
  [[nodiscard]] bool allows_model(const factor::Aaguid& model) const;

  // Forgets every grant when the host has slept since the last call: whoever closed the lid went
  // away (BOOTTIME - MONOTONIC grew).
  void notice_suspend();

  // Whether `subject` is to be reminded of something now: true once a day (UTC).
  bool reminds_today(uid_t subject);

  // Forgets the login of `session`, and what was proved there, when the process that reported it
  // has ended without a word, as a killed sshd has.
  void notice_logout(const SessionKey& session);

  // Notes a decision, which is written in the background, where stepupd.conf has it kept.
  void note_activity(store::Activity row);
  // Older activity is not kept: Unix seconds.
  [[nodiscard]] std::int64_t activity_before() const;

  // co_await engine.with_store<T>(subject, work): `work` on the worker's thread.  It must own all
  // that it captures, since the dialogue may be gone before it runs.  Opens the store if it is not
  // open, and closes it after a Storage error, so that the next use starts afresh.
  template <typename T>
  OnWorker<T> with_store(uid_t subject, std::move_only_function<Result<T>(store::Store&)> work) {
    return OnWorker<T>(worker_, subject, [this, work = std::move(work)]() mutable -> Result<T> {
      store::Store* store = opened_store();
      if (store == nullptr) return std::unexpected(store_error_);
      Result<T> value = work(*store);
      if (!value && value.error().code == Errc::Storage) store_.reset();
      return value;
    });
  }

  // co_await engine.on_worker<T>(subject, work): the same without the store.
  template <typename T>
  OnWorker<T> on_worker(uid_t subject, std::move_only_function<Result<T>()> work) {
    return OnWorker<T>(worker_, subject, std::move(work));
  }

  const std::string host;
  const std::string boot_id;
  GrantLedger ledger;
  factor::Sha256Digest journal_key{};  // of the command digests there
  ActivityLog activity;
  TouchDesk touch_desk;
  std::shared_ptr<const InForce> rules;  // null: none could be loaded
  std::string rules_problem;             // why not, or what is wrong with the files
  std::int64_t stale_since = 0;          // Unix seconds; 0 = the files are those in force
  // By subject, what was wrong when their declared keys were last looked for.
  std::map<uid_t, std::string> declared_problems;

 private:
  struct FilesRead {
    Loaded rules;
    std::string enrolled_rp_id;  // empty: no security key was made here
  };
  void adopt(FilesRead read);
  void refresh_accounts();
  void notice_logouts();
  void write_activity_down();
  // On the worker's thread, and before it starts.
  FilesRead read_files();
  store::Store* opened_store();

  Paths paths_;
  sd_event* loop_ = nullptr;
  std::string own_rp_id_;  // where stepupd.conf names none
  Error store_error_{Errc::Storage, 0, "the store is not open"};
  std::unique_ptr<store::Store> store_;  // the worker's alone once it runs
  bool was_open_ = false;
  std::int64_t reminder_day_ = 0;
  std::set<uid_t> reminded_;  // on that day
  TimerSource refresh_;
  TimerSource logouts_;
  TimerSource writing_;
  bool activity_failed_ = false;
  Worker worker_;  // last: joined before anything that its jobs use is gone
};

}  // namespace stepup::daemon
