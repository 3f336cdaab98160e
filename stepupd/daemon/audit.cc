// SPDX-License-Identifier: ISC
#include "stepupd/daemon/audit.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/base/local_time.h"
#include "stepupd/base/printable.h"

namespace stepup::daemon::audit {
namespace {

// Stable: administrators match on these, and stepupd(8) lists them.
constexpr const char* kDecision = "b1d6a3f24c5e4c9f8a8b0f0d7c2e9a41";
constexpr const char* kFactorJudged = "5f0c9f6c1f0b4b9bb4b3f2f5a7c5d1e2";
constexpr const char* kCredentialChanged = "0a4e8f6b3d2c4f55a1e97c6bd80f3b13";
constexpr const char* kRevoked = "6b0d5e1c9a3f47d2b8e4f7a16c2d93e0";
constexpr const char* kLogin = "8e41c7d95b2f4a0d9c63f1a8d70b5e24";
constexpr const char* kRulesLoaded = "c7d3c1de53f24aa3b7f7a0b7d7ee8b64";
constexpr const char* kRulesBad = "e2b8b8f08c0e4d3d9b3a6f0e9d5a4c75";
constexpr const char* kPeerRefused = "9d1f7c3ab0e84c2e8a5b6d4f3c2e1a86";
constexpr const char* kTrouble = "3c6e2f9a7b1d4e8fa0c5d9e1b2f3a497";
constexpr const char* kState = "f4a1b7c2d3e54f6a8b9c0d1e2f3a45a8";

// Where records go; null: straight to journald.
constinit JournalQueue* journal_queue = nullptr;

// SHA-256 in hex of the files in force.  Records are made on more than one thread.
constexpr std::string_view kDigestKey = "STEPUP_RULES_DIGEST=";
constinit std::mutex digest_mutex;
constinit std::array<char, 64> digest_in_force{};
constinit std::size_t digest_size = 0;

std::string current_digest() {
  const std::scoped_lock lock(digest_mutex);
  return {digest_in_force.data(), digest_size};
}

// Blocks while journald hangs.  By hand there may be no journal; then standard error has to do.
void send_now(const JournalQueue::Record& fields) {
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (const std::string& field : fields) {
    // SAFETY: sd_journal_sendv(3) only reads.
    parts.push_back({const_cast<char*>(field.data()), field.size()});
  }
  if (sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) < 0 ||
      access("/run/systemd/journal/socket", F_OK) != 0) {
    (void)fprintf(stderr, "stepupd: %s\n", fields.front().c_str() + strlen("MESSAGE="));
  }
}

// SECURITY: nobody may fill the journal, whose oldest records then go, by asking again and again.
class Shares {
 public:
  // Whether one record more on account of `user` may be sent; root's all are.
  bool allows(uid_t user) {
    if (user == 0) return true;
    int left_out = 0;
    bool allowed = false;
    {
      const std::scoped_lock lock(mutex_);
      const BootTime now = boot_now();
      if (now - since_ >= kSpan) {
        left_out = std::exchange(left_out_, 0);
        used_ = 0;
        since_ = now;
      }
      allowed = ++count_of(user) <= kMost;
      if (!allowed) ++left_out_;
    }
    if (left_out > 0) {
      state(std::to_string(left_out) + " records were left out, of users who had 1000 in 10 s");
    }
    return allowed;
  }

 private:
  struct Share {
    uid_t user;
    int count;
  };

  // Those for whom there is no room share the last one.
  int& count_of(uid_t user) {
    const auto used = std::span(shares_).first(used_);
    const auto found = std::ranges::find(used, user, &Share::user);
    if (found != used.end()) return found->count;
    if (used_ == shares_.size()) return shares_.back().count;
    shares_[used_] = {user, 0};
    return shares_[used_++].count;
  }

  static constexpr BootTime kSpan = std::chrono::seconds(10);
  static constexpr int kMost = 1000;
  std::mutex mutex_;
  BootTime since_{};
  std::array<Share, 256> shares_{};
  std::size_t used_ = 0;
  int left_out_ = 0;
};

constinit Shares shares;
constinit Shares troubles;  // of which anybody may be the cause

// A record in the making: KEY=value fields, foreign text made printable.
class Record {
 public:
  Record(const char* message_id, int priority, std::string_view message) {
    add("MESSAGE", message);
    add("MESSAGE_ID", message_id);
    add("PRIORITY", std::to_string(priority));
    add("SYSLOG_IDENTIFIER", "stepupd");
  }

  Record& add(const char* key, std::string_view value) {
    if (!value.empty()) fields_.push_back(std::string(key) + "=" + printable(value, 1024));
    return *this;
  }
  Record& add(const char* key, std::uint64_t value) { return add(key, std::to_string(value)); }

  void send_for(uid_t user, Shares& of = shares) {
    if (of.allows(user)) send();
  }

  JournalQueue::Record take() { return std::move(fields_); }

  void send() {
    // That of the rules which a decision was made by stands in its record already.
    if (std::ranges::none_of(fields_, [](const auto& f) { return f.starts_with(kDigestKey); })) {
      add("STEPUP_RULES_DIGEST", current_digest());
    }
    if (journal_queue != nullptr) {
      journal_queue->add(take());
    } else {
      send_now(fields_);
    }
  }

 private:
  JournalQueue::Record fields_;  // MESSAGE first
};

// Runs `write`; a record that cannot be built for want of memory is lost rather than fatal.
template <typename Write>
void best_effort(Write write) noexcept {
  try {
    write();
  } catch (...) {
    (void)fputs("stepupd: a journal record was lost\n", stderr);
  }
}

JournalQueue::Record lost_records(std::size_t count) {
  return Record(kTrouble, LOG_ERR,
                std::to_string(count) + " journal records were lost: journald did not take them")
      .add("STEPUP_LOST", count)
      .take();
}

std::string in_quotes(std::string_view text) { return "\"" + printable(text) + "\""; }

std::string name_of(const Subject& subject) {
  return in_quotes(subject.name) + " (uid " + std::to_string(subject.uid) + ")";
}

}  // namespace

Sender::Sender()
    : queue_([](const JournalQueue::Record& fields) { best_effort([&] { send_now(fields); }); },
             lost_records, std::chrono::seconds(2)) {
  journal_queue = &queue_;
}

Sender::~Sender() { journal_queue = nullptr; }

void decision(const DecisionRecord& r) noexcept {
  best_effort([&] {
    const bool refused =
        strcmp(r.verdict, "granted") != 0 && strcmp(r.verdict, "not-required") != 0;
    Record(kDecision, refused ? LOG_NOTICE : LOG_INFO,
           r.service + ": " + r.verdict + " for " + name_of(r.subject) + " (" + r.reason + ")")
        .add("STEPUP_VERDICT", r.verdict)
        .add("STEPUP_REASON", r.reason)
        .add("STEPUP_SERVICE", r.service)
        .add("STEPUP_PHASE", r.phase)
        .add("STEPUP_SUBJECT", r.subject.name)
        .add("STEPUP_SUBJECT_UID", r.subject.uid)
        .add("STEPUP_TARGET_USER", r.target_user)
        .add("STEPUP_COMMAND", r.command)
        .add("STEPUP_COMMAND_DIGEST", r.command_digest)
        .add("STEPUP_RULE", r.rules)
        .add("STEPUP_RULES_DIGEST", r.rules_digest)
        .add("STEPUP_LEVEL", to_string(r.demanded))
        .add("STEPUP_FACTOR", r.factor)
        .add("STEPUP_LOGIN_SESSION", r.login_session)
        .add("STEPUP_LOGIN_UID", r.login_uid ? std::to_string(*r.login_uid) : "")
        .add("STEPUP_TTY", r.where.tty)
        .add("STEPUP_PID", static_cast<std::uint64_t>(r.where.process))
        .send_for(r.counts_for);
  });
}

void login(const Login& login, std::string_view user) noexcept {
  best_effort([&] {
    std::string methods;
    for (const std::string& method : methods_of(login)) {
      methods.append(methods.empty() ? "" : ",").append(method);
    }
    Record(kLogin, LOG_INFO,
           login.service + ": login of " + name_of({login.where.subject, std::string(user)}))
        .add("STEPUP_SERVICE", login.service)
        .add("STEPUP_SUBJECT", user)
        .add("STEPUP_SUBJECT_UID", login.where.subject)
        .add("STEPUP_SESSION", to_string(login.where.session))
        .add("STEPUP_METHODS", methods)
        .add("STEPUP_SOURCE", login.source)
        .send();
  });
}

void factor_judged(const Subject& subject, const char* factor, const char* outcome,
                   std::string_view label) noexcept {
  best_effort([&] {
    const bool accepted = strcmp(outcome, "accepted") == 0;
    const bool loud = accepted && strcmp(factor, to_string(FactorKind::RecoveryCode)) == 0;
    Record(kFactorJudged, accepted && !loud ? LOG_INFO : LOG_WARNING,
           std::string(factor) + " of " + name_of(subject) + ": " + outcome)
        .add("STEPUP_FACTOR", factor)
        .add("STEPUP_OUTCOME", outcome)
        .add("STEPUP_SUBJECT", subject.name)
        .add("STEPUP_SUBJECT_UID", subject.uid)
        .add("STEPUP_LABEL", label)
        .send_for(accepted ? 0 : subject.uid);  // no factor is accepted often
  });
}

void key_failed(const Subject& subject, std::string_view detail) noexcept {
  best_effort([&] {
    Record(kFactorJudged, LOG_WARNING,
           "a security key of " + name_of(subject) + " failed: " + printable(detail, 256))
        .add("STEPUP_FACTOR", to_string(FactorKind::Fido2))
        .add("STEPUP_OUTCOME", "failed")
        .add("STEPUP_SUBJECT", subject.name)
        .add("STEPUP_SUBJECT_UID", subject.uid)
        .add("STEPUP_DETAIL", detail)
        .send_for(subject.uid);
  });
}

void credential_changed(const Subject& subject, const char* what, std::string_view label,
                        std::string_view actor) noexcept {
  best_effort([&] {
    Record(kCredentialChanged, LOG_NOTICE,
           name_of(subject) + ": " + what + (label.empty() ? "" : " " + in_quotes(label)) + " by " +
               in_quotes(actor))
        .add("STEPUP_CHANGE", what)
        .add("STEPUP_SUBJECT", subject.name)
        .add("STEPUP_SUBJECT_UID", subject.uid)
        .add("STEPUP_LABEL", label)
        .add("STEPUP_ACTOR", actor)
        .send();
  });
}

void revoked(std::string_view of_whom, std::size_t count, std::string_view actor,
             uid_t counts_for) noexcept {
  best_effort([&] {
    Record(kRevoked, LOG_NOTICE,
           "grants of " + printable(of_whom) + " revoked by " + in_quotes(actor) + ": " +
               std::to_string(count))
        .add("STEPUP_REVOKED", of_whom)
        .add("STEPUP_GRANTS", count)
        .add("STEPUP_ACTOR", actor)
        .send_for(counts_for);
  });
}

void rules_in_force(std::string_view digest) noexcept {
  best_effort([&] {
    const std::scoped_lock lock(digest_mutex);
    digest.copy(digest_in_force.data(), digest_in_force.size());
    digest_size = std::min(digest.size(), digest_in_force.size());
  });
}

void rules_loaded(std::size_t count) noexcept {
  best_effort(
      [&] { Record(kRulesLoaded, LOG_INFO, "rules in force: " + std::to_string(count)).send(); });
}

void rules_stale(std::int64_t since, std::size_t count) noexcept {
  best_effort([&] {
    Record(kRulesLoaded, LOG_WARNING,
           "rules in force: " + std::to_string(count) + ", the last good ones, stale since " +
               utc_time(since))
        .add("STEPUP_STALE_SINCE", static_cast<std::uint64_t>(since))
        .send();
  });
}

void rules_bad(std::string_view problem, const char* consequence) noexcept {
  best_effort([&] {
    Record(kRulesBad, LOG_ERR, std::string(problem) + ", " + consequence)
        .add("STEPUP_PROBLEM", problem)
        .send();
  });
}

namespace {

// Lets some records through in each span, so that nobody who only connects can drown the others.
// Used by the loop's thread alone.
class RateLimit {
 public:
  bool allows() {
    const BootTime now = boot_now();
    if (now - since_ >= kSpan) {
      if (suppressed_ > 0) {
        state(std::to_string(suppressed_) + " records about refused peers were left out");
      }
      since_ = now;
      passed_ = suppressed_ = 0;
    }
    if (passed_ < kMost) {
      ++passed_;
      return true;
    }
    ++suppressed_;
    return false;
  }

 private:
  static constexpr BootTime kSpan = std::chrono::seconds(10);
  static constexpr int kMost = 50;
  BootTime since_{};
  int passed_ = 0;
  int suppressed_ = 0;
};

constinit RateLimit peer_limit;

}  // namespace

void peer_refused(pid_t pid, uid_t uid, const char* socket, const char* why) noexcept {
  best_effort([&] {
    if (!peer_limit.allows()) return;
    Record(kPeerRefused, LOG_WARNING,
           "peer " + std::to_string(pid) + " (uid " + std::to_string(uid) + ") on " + socket +
               ": " + why + ", closing")
        .add("STEPUP_PEER_PID", static_cast<std::uint64_t>(pid))
        .add("STEPUP_PEER_UID", uid)
        .send();
  });
}

void trouble(const Error& error, const char* consequence) noexcept {
  best_effort([&] {
    std::string message = error.what;
    if (error.sys_errno != 0) message += std::string(": ") + strerrordesc_np(error.sys_errno);
    Record(kTrouble, LOG_ERR, message + ", " + consequence)
        .add("ERRNO", static_cast<std::uint64_t>(error.sys_errno))
        .send_for(kNoUid, troubles);
  });
}

void state(std::string_view sentence) noexcept {
  best_effort([&] { Record(kState, LOG_INFO, std::string(sentence)).send(); });
}

}  // namespace stepup::daemon::audit
