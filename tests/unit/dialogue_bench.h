// SPDX-License-Identifier: ISC
// One dialogue of the daemon after the other, on a real loop, worker and store, with a person and a
// module that say what a test tells them to.  Include it last: it needs CppUTest.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stepupd/daemon/check_dialogue.h"
#include "stepupd/daemon/control_dialogue.h"
#include "stepupd/factor/hotp.h"
#include "stepupd/factor/recovery_code.h"
#include "stepupd/wire/activity_messages.h"
#include "stepupd/wire/import_messages.h"
#include "stepupd/wire/seqpacket.h"
#include "stepupd/wire/status_messages.h"
#include "tests/unit/quiet_records.h"
#include "tests/unit/state_directory.h"

#include <CppUTest/TestHarness.h>

namespace stepup::daemon {

inline const Subject kAlice{1000, "alice"};

inline policy::Rule rule(Level level = Level::Otp) {
  policy::Rule rule;
  rule.name = "ask";
  rule.service = {"sudo", "sshd"};
  rule.level = level;
  return rule;
}

inline rules::RuleSet rule_set(policy::Rule rule) {
  rules::RuleSet set;
  set.rules.push_back(std::move(rule));
  return set;
}

// "sudo id", typed by alice on a terminal of her session.
inline wire::CheckRequest sudo(std::vector<std::string> words = {"sudo", "id"}) {
  wire::CheckRequest request;
  request.phase = wire::Phase::Account;
  request.program = wire::Program::Sudo;
  request.service = "sudo";
  request.pam_user = request.caller = "alice";
  request.pam_user_uid = kAlice.uid;
  request.argv = std::move(words);
  return request;
}

inline session::Asker alice() {
  session::Asker asker;
  asker.real_uid = kAlice.uid;
  asker.groups = {kAlice.uid};
  asker.where.session = {SessionKey::Kind::Audit, 7};
  asker.where.widest = Scope::Session;
  asker.where.tty = 0x8801;
  asker.where.leader = 42;
  asker.where.leader_start = 5;
  asker.where.process = 100;
  asker.where.process_start = 6;
  return asker;
}
inline session::Asker in_process(pid_t process) {
  session::Asker asker = alice();
  asker.where.process = process;
  return asker;
}
// The process that reports a login, which lives and has no terminal.
inline session::Asker reporter() {
  session::Asker asker = in_process(getpid());
  asker.where.process_start = session::read_stat(getpid())->start;
  asker.where.tty = 0;
  return asker;
}
inline session::Asker in_session(std::uint64_t id) {
  session::Asker asker = in_process(200);
  asker.where.session.id = id;
  asker.where.leader = 43;
  asker.where.tty = 0x8802;
  return asker;
}

class DialogueBench {
 public:
  static constexpr std::string_view kKey = "12345678901234567890";

  // What the person does at the next prompt.
  using Act = std::variant<std::string, wire::CancelReason>;

  struct Course {
    wire::Verdict verdict;
    int prompts = 0;
    std::vector<wire::MessageId> told;
    std::vector<wire::MessageType> reports;  // what else was sent
    wire::ImportReport imported;             // all of these together
    wire::ActivityReport activity;
    wire::StatusReport status;
  };

  DialogueBench() {
    sd_event* raw = nullptr;
    CHECK(sd_event_new(&raw) >= 0);
    loop_.reset(raw);
  }

  // Enrols an HOTP device for `subject`, whose codes are code(0), code(1), ...
  void enrol(const Subject& subject, const char* label = "fob", std::string_view key = kKey) {
    store::Credential credential;
    credential.owner = subject;
    credential.factor = FactorKind::Hotp;
    credential.label = label;
    enrol(credential, SecretBytes(key));
  }
  void enrol(const store::Credential& credential, const SecretBytes& secret) {
    auto store = store::Store::open(state.path(), "");
    CHECK_TRUE(store.has_value());
    auto transaction = store->begin();
    if (!*transaction->recorded_name(credential.owner.uid)) {
      CHECK_TRUE(transaction->replace_account(credential.owner).has_value());
    }
    CHECK_TRUE(transaction->add_credential(credential, secret).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }

  // Gives kAlice these, at the lowest cost.
  void give_recovery_codes(const std::vector<std::string>& codes) {
    std::vector<factor::RecoveryHash> hashes;
    for (const std::string& code : codes) {
      hashes.push_back(*factor::hash_recovery_code(SecretBytes(std::string_view(code)), {4, 8, 1}));
    }
    auto store = store::Store::open(state.path(), "");
    auto transaction = store->begin();
    CHECK_TRUE(transaction->replace_recovery_codes(kAlice.uid, hashes, 0).has_value());
    CHECK_TRUE(transaction->commit().has_value());
  }

  static std::string code(std::uint64_t counter, std::string_view key = kKey) {
    const SecretBytes bytes(key);
    const auto code = factor::hotp(factor::HashAlgorithm::Sha1, bytes.view(), counter, 6);
    return code ? std::string(code->view().begin(), code->view().end()) : "";
  }

  // Starts the daemon with what is enrolled by now, and with `set` as its rules.
  Engine& start(rules::RuleSet set) {
    Paths paths;
    paths.conf = {conf_dir, conf_dir};
    paths.state_dir = state.path();
    paths.helper_socket = state.file("helper.sock");
    engine_ = std::make_unique<Engine>(std::move(paths), "host", "boot-1");
    CHECK_TRUE(engine_->start(loop_.get()).has_value());
    obey(std::move(set));
    return *engine_;
  }
  void obey(rules::RuleSet set, std::optional<rules::Problem> stale = std::nullopt) {
    engine_->rules = std::make_shared<InForce>(InForce{std::move(set), "digest", std::move(stale)});
  }
  // Gives the store back.
  void stop() { engine_.reset(); }
  Engine& engine() { return *engine_; }

  // One check_dialogue() from beginning to end.
  Course check(const wire::CheckRequest& request, const session::Asker& asker,
               std::deque<Act> acts = {}) {
    return talk(
        wire::Socket::Stepupd, 0, request,
        [&](Connection& connection, const wire::Packet&) {
          return check_dialogue(*engine_, connection, asker, request);
        },
        std::move(acts));
  }

  // One control_dialogue(), for stepupctl as `asker` runs it.
  template <typename Request>
  Course control(const Request& request, const session::Asker& asker, std::deque<Act> acts = {}) {
    return talk(
        wire::Socket::Control, asker.real_uid, request,
        [&](Connection& connection, wire::Packet packet) {
          return control_dialogue(*engine_, connection, asker, std::move(packet));
        },
        std::move(acts));
  }

  // The dialogue of `begin` with a peer of `uid`, from its request to its verdict.
  template <typename Request>
  Course talk(wire::Socket socket, uid_t uid, const Request& request, Connection::Begin begin,
              std::deque<Act> acts) {
    int ends[2];
    CHECK_EQUAL(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
    UniqueFd peer(ends[0]);
    const int on = 1;
    CHECK_EQUAL(0, setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    bool ended = false;
    Connection connection(UniqueFd(ends[1]), socket, session::Peer{getpid(), uid, UniqueFd(), {}},
                          std::move(begin), [&](Connection&) { ended = true; });
    CHECK_TRUE(connection.start(loop_.get()).has_value());
    send(peer, request);
    Course course;
    while (!ended) {
      CHECK_TRUE(sd_event_run(loop_.get(), 5'000'000) > 0);
      while (peer && hear(peer, course, acts)) {
      }
    }
    return course;
  }

  const StateDirectory state;
  std::string conf_dir = "/nonexistent";
  std::function<void(wire::MessageId)> when_told;

 private:
  static constexpr wire::RequestId kId{1, 2, 3};

  template <typename Message>
  static void send(const UniqueFd& peer, const Message& message) {
    const auto packet = wire::encode(kId, message);
    CHECK_TRUE(packet.has_value());
    CHECK_TRUE(wire::send_packet(peer.get(), *packet).has_value());
  }

  // Takes one packet, if there is one, and leaves after the verdict.
  bool hear(UniqueFd& peer, Course& course, std::deque<Act>& acts) const {
    auto bytes = wire::receive_packet(peer.get());
    if (!bytes) return false;
    const auto packet = wire::split(std::move(*bytes));
    CHECK_TRUE(packet.has_value());
    switch (packet->header.type) {
      case wire::MessageType::Notice:
        course.told.push_back(wire::decode<wire::Notice>(*packet)->words.id);
        if (when_told) when_told(course.told.back());
        break;
      case wire::MessageType::Prompt: {
        ++course.prompts;
        CHECK_FALSE_TEXT(acts.empty(), "a prompt that nobody expected");
        const Act act = std::move(acts.front());
        acts.pop_front();
        if (const auto* reason = std::get_if<wire::CancelReason>(&act)) {
          send(peer, wire::Cancel{*reason});
        } else {
          send(peer, wire::Answer{SecretBytes(std::string_view(std::get<std::string>(act)))});
        }
        break;
      }
      case wire::MessageType::ImportTextWanted: {
        CHECK_FALSE_TEXT(acts.empty(), "more text is wanted than there is");
        const auto piece = std::get<std::string>(std::move(acts.front()));
        acts.pop_front();
        send(peer, wire::ImportText{SecretBytes(std::string_view(piece))});
        break;
      }
      case wire::MessageType::ImportReport: {
        auto report = *wire::decode<wire::ImportReport>(*packet);
        std::ranges::move(report.rows, std::back_inserter(course.imported.rows));
        std::ranges::move(report.problems, std::back_inserter(course.imported.problems));
        break;
      }
      case wire::MessageType::ActivityReport:
        course.activity = *wire::decode<wire::ActivityReport>(*packet);
        break;
      case wire::MessageType::Verdict:
        course.verdict = *wire::decode<wire::Verdict>(*packet);
        peer.reset();
        break;
      case wire::MessageType::Heartbeat: break;
      case wire::MessageType::StatusReport:
        course.status = *wire::decode<wire::StatusReport>(*packet);
        [[fallthrough]];
      default: course.reports.push_back(packet->header.type);
    }
    return true;
  }

  QuietRecords quiet_;
  EventLoop loop_;
  std::unique_ptr<Engine> engine_;
};

// What the tests of requests share.
struct DialogueFixture : public Utest {
  DialogueBench bench;

  static void check(wire::VerdictCode code, wire::MessageId words, int prompts,
                    const DialogueBench::Course& course) {
    CHECK_TRUE(course.verdict.code == code);
    CHECK_TRUE(course.verdict.words.id == words);
    CHECK_EQUAL(prompts, course.prompts);
  }
  // Whether a right code is asked for, and then lets pass.
  bool is_asked(const wire::CheckRequest& request, const session::Asker& asker,
                std::uint64_t counter) {
    const auto course = bench.check(request, asker, {DialogueBench::code(counter)});
    CHECK_TRUE(course.verdict.code == wire::VerdictCode::Granted);
    return course.prompts == 1;
  }
};

}  // namespace stepup::daemon
