// SPDX-License-Identifier: ISC
// pam_stepup.so as libpam loads it, against a fake stepupd.  Runs as root, since the module talks
// only to a socket of root's; starts no system service and changes nothing outside its own
// directory in /tmp.  The module under test lies beside this program.
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/base/boot_time.h"
#include "stepupd/wire/packet.h"
#include "stepupd/wire/words.h"
#include "tests/fakes/fake_stepupd.h"
#include "tests/fakes/fake_stepupd_conversation.h"

#include <CppUTest/CommandLineTestRunner.h>
#include <CppUTest/MemoryLeakWarningPlugin.h>
#include <CppUTest/TestHarness.h>

using namespace std::chrono_literals;
using namespace stepup;
using fakes::FakeConnection;
using fakes::FakeConversation;
using fakes::FakeListener;
using fakes::FakeStepupd;
using fakes::ScratchDirectory;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;
using Behaviour = FakeConversation::Behaviour;

namespace {

constexpr const char* kService = "stepup-test";
constexpr int kExitSkipped = 77;

std::string own_file() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string module_file() { return own_file().substr(0, own_file().rfind('/')) + "/pam_stepup.so"; }

// One pam_start to pam_end.
class Transaction {
 public:
  Transaction(const std::string& confdir, const pam_conv* conv) {
    if (pam_start_confdir(kService, "root", conv, confdir.c_str(), &handle_) != PAM_SUCCESS) {
      abort();
    }
  }
  ~Transaction() { (void)pam_end(handle_, PAM_SUCCESS); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  [[nodiscard]] pam_handle_t* handle() const { return handle_; }
  [[nodiscard]] int authenticate(int flags = 0) const { return pam_authenticate(handle_, flags); }
  [[nodiscard]] int account(int flags = 0) const { return pam_acct_mgmt(handle_, flags); }

 private:
  pam_handle_t* handle_ = nullptr;
};

wire::Verdict refusal(VerdictCode code) {
  return {
      .code = code, .words = {.id = MessageId::Refused, .args = {"sudo", "host"}}
  };
}
wire::Verdict verdict_of(VerdictCode code) {
  const bool positive = code == VerdictCode::Granted || code == VerdictCode::NotRequired;
  return positive ? wire::Verdict{.code = code, .words = {}} : refusal(code);
}
const wire::Prompt kPrompt{
    .words = {.id = MessageId::PromptOtp, .args = {"alice", "host", "sudo: id"}},
      .echo = true
};
const wire::Notice kWrong{
    .words = {.id = MessageId::WrongCode, .args = {}}
};

// A daemon that answers every request with one verdict.
FakeStepupd::Script answering(VerdictCode code) {
  return [code](FakeConnection& daemon) {
    if (daemon.receive()) daemon.send(verdict_of(code));
  };
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The signals in `set`, one bit each: glibc fills only part of a sigset_t.
std::uint64_t bits_of(const sigset_t& set) {
  std::uint64_t bits = 0;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&set, signal) == 1) bits |= std::uint64_t{1} << (signal - 1);
  }
  return bits;
}

struct Disposition {
  void (*handler)(int);
  int flags;
  std::uint64_t mask;
  bool operator==(const Disposition&) const = default;
};

// What the module must leave as it found it.
struct Surroundings {
  std::vector<Disposition> dispositions;
  std::uint64_t mask = 0;
  mode_t file_mask = 0;
  std::string directory;
  std::vector<std::string> environment;
  std::set<std::string> descriptors;
  std::array<uid_t, 6> ids{};
};

Surroundings look_around() {
  Surroundings now;
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action{};
    (void)sigaction(signal, nullptr, &action);
    now.dispositions.push_back({action.sa_handler, action.sa_flags, bits_of(action.sa_mask)});
  }
  sigset_t mask;
  (void)pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  now.mask = bits_of(mask);
  now.file_mask = umask(0);
  (void)umask(now.file_mask);
  now.directory = std::filesystem::current_path();
  for (char** entry = environ; *entry != nullptr; ++entry) now.environment.emplace_back(*entry);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    now.descriptors.insert(entry.path());
  }
  (void)getresuid(&now.ids[0], &now.ids[1], &now.ids[2]);
  (void)getresgid(&now.ids[3], &now.ids[4], &now.ids[5]);
  return now;
}

bool same_signals(const Surroundings& one, const Surroundings& other) {
  return one.dispositions == other.dispositions && one.mask == other.mask;
}

// AddressSanitizer links its own library into the module, and keeps memory that cannot be read.
#ifndef __SANITIZE_ADDRESS__
// The output of a command, by line.
std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = popen(command.c_str(), "re");
  char line[4096];
  while (pipe != nullptr && fgets(line, sizeof line, pipe) != nullptr) lines.emplace_back(line);
  if (pipe == nullptr || pclose(pipe) != 0) return {};
  return lines;
}

// An answer that this program keeps only under a mask, so that a copy of it in memory is one that
// the module, or the protocol, left there.
constexpr std::array<unsigned char, 32> kMasked = {
    0x91, 0xc4, 0x1d, 0xe8, 0x72, 0x3f, 0xaa, 0x06, 0xd3, 0x58, 0x4b, 0xf7, 0x20, 0x8e, 0x65, 0xbc,
    0x19, 0xe2, 0x7d, 0xa0, 0x36, 0xcb, 0x54, 0x0f, 0xf8, 0x81, 0x2a, 0xd6, 0x63, 0x9c, 0x47, 0xbe};
volatile unsigned char mask_of_answer = 0x5a;

// How often the first or the last half of the answer stands in writable memory.
int copies_of_answer() {
  constexpr std::size_t kHalf = kMasked.size() / 2;
  const auto half_at = [](const unsigned char* place, std::size_t from) {
    for (std::size_t i = 0; i < kHalf; ++i) {
      if (place[i] != (kMasked[from + i] ^ mask_of_answer)) return false;
    }
    return true;
  };
  int copies = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    char mode[5] = {};
    if (sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, mode) != 3 || mode[1] != 'w') continue;
    const auto* end = reinterpret_cast<const unsigned char*>(to) - kHalf;
    for (const auto* place = reinterpret_cast<const unsigned char*>(from); place < end; ++place) {
      if (half_at(place, 0) || half_at(place, kHalf)) ++copies;
    }
  }
  return copies;
}

int type_answer(int, const pam_message**, pam_response** responses, void*) {
  *responses = static_cast<pam_response*>(calloc(1, sizeof(pam_response)));
  auto* answer = static_cast<char*>(calloc(1, kMasked.size() + 1));
  for (std::size_t i = 0; i < kMasked.size(); ++i) {
    answer[i] = static_cast<char>(kMasked[i] ^ mask_of_answer);
  }
  (*responses)->resp = answer;
  return PAM_SUCCESS;
}

#endif  // __SANITIZE_ADDRESS__

volatile sig_atomic_t interrupts = 0;

// Installs a handler for SIGINT that counts, for as long as it lives.
class CountInterrupts {
 public:
  CountInterrupts() {
    interrupts = 0;
    struct sigaction count{};
    count.sa_handler = [](int) { interrupts = interrupts + 1; };
    (void)sigaction(SIGINT, &count, &before_);
  }
  ~CountInterrupts() { (void)sigaction(SIGINT, &before_, nullptr); }
  CountInterrupts(const CountInterrupts&) = delete;
  CountInterrupts& operator=(const CountInterrupts&) = delete;

 private:
  struct sigaction before_{};
};

}  // namespace

TEST_GROUP(PamModule) {
  ScratchDirectory scratch;
  std::string confdir = scratch.file("pam.d");
  std::string socket_dir = scratch.file("run");
  std::string socket_path = socket_dir + "/stepupd.sock";

  void setup() override {
    std::filesystem::create_directory(confdir);
    std::filesystem::create_directory(socket_dir);
    (void)chmod(socket_dir.c_str(), 0755);
    // After a module that succeeds, as a step-up stands after the password.
    write_stack("socket=" + socket_path + " timeout=1");
  }

  void write_stack(const std::string& options,
                   const std::string& first = "required pam_permit.so") {
    std::ofstream file(confdir + "/" + kService);
    for (const std::string phase : {"auth", "account", "session"}) {
      if (!first.empty()) file << phase << " " << first << "\n";
      file << phase << " required " << module_file() << " " << options << "\n";
    }
  }

  int account(FakeConversation & application, int flags = 0) const {
    return Transaction(confdir, application.conv()).account(flags);
  }
  int authenticate(FakeConversation & application, int flags = 0) const {
    return Transaction(confdir, application.conv()).authenticate(flags);
  }
};

TEST(PamModule, ReturnsTheDocumentedCodeInEachPhase) {
  struct Case {
    const char* name;
    VerdictCode verdict;
    int auth;
    int account;
    int auth_alone;  // as the only module of its stack
  };
  const Case cases[] = {
      {"granted",      VerdictCode::Granted,     PAM_SUCCESS,          PAM_SUCCESS,          PAM_SUCCESS    },
      {"not required", VerdictCode::NotRequired, PAM_SUCCESS,          PAM_SUCCESS,          PAM_PERM_DENIED},
      {"denied",       VerdictCode::Denied,      PAM_AUTH_ERR,         PAM_PERM_DENIED,      PAM_AUTH_ERR   },
      {"locked out",   VerdictCode::LockedOut,   PAM_MAXTRIES,         PAM_PERM_DENIED,      PAM_MAXTRIES   },
      {"unavailable",  VerdictCode::Unavailable, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
       PAM_AUTHINFO_UNAVAIL                                                                                 },
  };
  for (const Case& c : cases) {
    const FakeStepupd daemon(socket_path, answering(c.verdict));
    FakeConversation application;
    write_stack("socket=" + socket_path);
    CHECK_EQUAL_TEXT(c.auth, authenticate(application), c.name);
    CHECK_EQUAL_TEXT(c.account, account(application), c.name);
    write_stack("socket=" + socket_path, "");
    CHECK_EQUAL_TEXT(c.auth_alone, authenticate(application), c.name);
    CHECK_EQUAL_TEXT(3, daemon.connections(), c.name);
    const bool positive =
        c.verdict == VerdictCode::Granted || c.verdict == VerdictCode::NotRequired;
    CHECK_EQUAL_TEXT(positive ? 0 : 3, application.texts(PAM_ERROR_MSG).size(), c.name);
  }
}

TEST(PamModule, SaysWhoAsksForWhat) {
  wire::CheckRequest request;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      if (auto packet = connection.receive()) {
        if (auto decoded = wire::decode<wire::CheckRequest>(*packet)) request = *decoded;
      }
      connection.send(verdict_of(VerdictCode::Granted));
    });
    FakeConversation application;
    const Transaction transaction(confdir, application.conv());
    CHECK_EQUAL(0, pam_set_item(transaction.handle(), PAM_TTY, "/dev/pts/7"));
    CHECK_EQUAL(0, pam_set_item(transaction.handle(), PAM_RHOST, "192.0.2.1"));
    CHECK_EQUAL(0, transaction.account());
  }
  CHECK_TRUE(request.phase == wire::Phase::Account);
  CHECK_TRUE(request.program == wire::Program::Other);
  STRCMP_EQUAL(kService, request.service.c_str());
  STRCMP_EQUAL("root", request.pam_user.c_str());
  CHECK_EQUAL(0, request.pam_user_uid);
  STRCMP_EQUAL("root", request.caller.c_str());
  STRCMP_EQUAL("/dev/pts/7", request.tty_hint.c_str());
  STRCMP_EQUAL("192.0.2.1", request.rhost_hint.c_str());
  CHECK_TRUE(request.groups.has_value());
  CHECK_TRUE(std::ranges::find(*request.groups, 0U) != request.groups->end());
  CHECK_TRUE(contains(request.argv.at(0), "pam_module_test"));
  CHECK_FALSE(request.argv_truncated);
}

TEST(PamModule, RefusesAtOnceWithoutADaemonOfRoots) {
  // Each way leaves `socket_path` in a state, with a listener that would grant where there can be
  // one.
  struct Case {
    const char* name;
    std::function<void()> arrange;
    bool listens;
    int want;
    const char* words;
  };
  const std::string plain = socket_dir + "/plain";
  const std::string elsewhere = socket_dir + "/elsewhere";
  const Case cases[] = {
      {"no socket",                  [] {},                                                false, PAM_AUTHINFO_UNAVAIL, "No such file or directory"             },
      {"no directory",               [&] { std::filesystem::remove_all(socket_dir); },     false,
       PAM_AUTHINFO_UNAVAIL,                                                                                            "No such file or directory"             },
      {"nobody listens",
       [&] {
         {
           const FakeListener stale(elsewhere);
           std::filesystem::create_hard_link(elsewhere, socket_path);
         }
       },                                                                                  false, PAM_AUTHINFO_UNAVAIL, "Connection refused"                    },
      {"not a socket",               [&] { std::ofstream(socket_path) << "x"; },           false, PAM_SYSTEM_ERR,
       "it is not a socket"                                                                                                                                     },
      {"a symlink",
       [&] {
         std::filesystem::rename(socket_path, elsewhere);
         std::filesystem::create_symlink(elsewhere, socket_path);
       },                                                                                  true,  PAM_SYSTEM_ERR,       "it is not a socket"                    },
      {"another owner",              [&] { (void)!chown(socket_path.c_str(), 65534, 0); }, true,  PAM_SYSTEM_ERR,
       "it does not belong to root"                                                                                                                             },
      {"directory of another owner", [&] { (void)!chown(socket_dir.c_str(), 65534, 0); },  true,
       PAM_SYSTEM_ERR,                                                                                                  "its directory does not belong to root" },
      {"directory of a group",       [&] { (void)chmod(socket_dir.c_str(), 0775); },       true,  PAM_SYSTEM_ERR,
       "its directory can be written by others"                                                                                                                 },
      {"directory of everybody",     [&] { (void)chmod(socket_dir.c_str(), 01777); },      true,
       PAM_SYSTEM_ERR,                                                                                                  "its directory can be written by others"},
  };
  for (const Case& c : cases) {
    std::filesystem::remove_all(socket_dir);
    std::filesystem::create_directory(socket_dir);
    (void)chmod(socket_dir.c_str(), 0755);
    std::optional<FakeStepupd> daemon;
    if (c.listens) daemon.emplace(socket_path, answering(VerdictCode::Granted));
    c.arrange();
    for (const bool auth : {true, false}) {
      FakeConversation application;
      const BootTime before = boot_now();
      const int code = auth ? authenticate(application) : account(application);
      const BootTime took = boot_now() - before;
      CHECK_EQUAL_TEXT(c.want, code, c.name);
      CHECK_TEXT(took < 50ms, c.name);
      CHECK_EQUAL_TEXT(1, application.heard().size(), c.name);
      CHECK_EQUAL_TEXT(PAM_ERROR_MSG, application.heard()[0].style, c.name);
      const std::string& text = application.heard()[0].text;
      CHECK_TEXT(contains(text, c.words) && contains(text, "RECOVERY"), text.c_str());
    }
    CHECK_TEXT(!daemon || daemon->connections() == 0, c.name);
  }
}

TEST(PamModule, RefusesAListenerThatIsNotRoots) {
  // The path is right, as it would be after a race between looking and connecting.
  FakeListener listener(socket_path);
  CHECK_EQUAL(0, seteuid(65534));
  CHECK_EQUAL(0, listen(listener.fd(), 4));
  CHECK_EQUAL(0, seteuid(0));
  FakeConversation application;
  CHECK_EQUAL(PAM_SYSTEM_ERR, account(application));
  CHECK_TRUE(contains(application.heard().at(0).text, "it was not started by root"));
}

TEST(PamModule, RefusesASilentDaemonAtTheDeadline) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) { connection.await_end(); });
  FakeConversation application;
  const BootTime before = boot_now();
  CHECK_EQUAL(PAM_AUTHINFO_UNAVAIL, account(application));
  const BootTime took = boot_now() - before;
  CHECK_TRUE(took >= 1000ms && took < 1300ms);
  STRCMP_EQUAL(wire::sentence({.id = MessageId::DaemonSilent, .args = {socket_path}}).c_str(),
               application.heard().at(0).text.c_str());
}

TEST(PamModule, RefusesADaemonWhoseHeartbeatStops) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(wire::Heartbeat{});
    connection.await_end();
  });
  FakeConversation application;
  const BootTime before = boot_now();
  CHECK_EQUAL(PAM_AUTHINFO_UNAVAIL, account(application));
  const BootTime took = boot_now() - before;
  CHECK_TRUE(took >= 5000ms && took < 5300ms);
}

TEST(PamModule, RefusesADamagedReply) {
  struct Case {
    const char* name;
    FakeStepupd::Script script;
    int want;
    MessageId words;
  };
  const auto granted = [](const FakeConnection& daemon) {
    return *wire::encode(daemon.id(), verdict_of(VerdictCode::Granted));
  };
  const Case cases[] = {
      {"no reply",                          [](FakeConnection& daemon) { (void)daemon.receive(); }, PAM_AUTHINFO_UNAVAIL,
       MessageId::DaemonLeft                                                                                                                       },
      {"closed before the request",         [](FakeConnection&) {},                                 PAM_AUTHINFO_UNAVAIL,
       MessageId::DaemonLeft                                                                                                                       },
      {"last byte missing",
       [&](FakeConnection& daemon) {
         (void)daemon.receive();
         auto packet = granted(daemon);
         packet.shrink(packet.size() - 1);
         daemon.send_raw(packet);
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"one byte more",
       [&](FakeConnection& daemon) {
         (void)daemon.receive();
         const auto packet = granted(daemon);
         SecretBytes longer(packet.size() + 1);
         std::ranges::copy(packet.view(), longer.bytes().begin());
         daemon.send_raw(longer);
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"garbage",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send_raw(SecretBytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"zeroes",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send_raw(SecretBytes(64));
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"reply to another request",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send_raw(*wire::encode(wire::RequestId{1}, verdict_of(VerdictCode::Granted)));
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"reply before the request was read",
       [](FakeConnection& daemon) {
         daemon.send(verdict_of(VerdictCode::Granted));
         (void)daemon.receive();
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"reply of the control socket",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send(wire::StatusReport{});
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"its own request",
       [](FakeConnection& daemon) {
         if (auto packet = daemon.receive()) daemon.send_raw(packet->bytes);
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"another version",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send(wire::VersionMismatch{.oldest = 2, .newest = 9});
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonVersion },
  };
  for (const Case& c : cases) {
    const FakeStepupd daemon(socket_path, c.script);
    for (const bool auth : {true, false}) {
      FakeConversation application;
      CHECK_EQUAL_TEXT(c.want, auth ? authenticate(application) : account(application), c.name);
      CHECK_EQUAL_TEXT(1, application.heard().size(), c.name);
      const auto words = c.words == MessageId::DaemonVersion
                             ? wire::sentence({
                                   .id = c.words, .args = {"1", "2", "9"}
      })
                             : wire::sentence({.id = c.words, .args = {socket_path}});
      STRCMP_EQUAL(words.c_str(), application.heard()[0].text.c_str());
    }
  }
}

TEST(PamModule, TakesTheFirstVerdictOnly) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(refusal(VerdictCode::Denied));
    connection.send(verdict_of(VerdictCode::Granted));
  });
  FakeConversation application;
  CHECK_EQUAL(PAM_PERM_DENIED, account(application));
}

TEST(PamModule, RelaysThePromptsAndTheAnswers) {
  std::vector<std::string> answers;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      (void)connection.receive();
      for (int attempt = 0; attempt < 3; ++attempt) {
        if (attempt > 0) connection.send(kWrong);
        connection.send(kPrompt);
        if (auto packet = connection.receive()) {
          if (auto answer = wire::decode<wire::Answer>(*packet)) {
            answers.emplace_back(answer->text.text());
          }
        }
      }
      connection.send(verdict_of(VerdictCode::Granted));
    });
    FakeConversation application({"111111", "222222", "755224"});
    // sudo passes PAM_SILENT in the account phase; the question must come all the same.
    CHECK_EQUAL(PAM_SUCCESS, account(application, PAM_SILENT));
    CHECK_EQUAL(3, application.texts(PAM_PROMPT_ECHO_ON).size());
    CHECK_EQUAL(2, application.texts(PAM_ERROR_MSG).size());
    CHECK_EQUAL(5, application.heard().size());
  }
  CHECK_TRUE(answers == (std::vector<std::string>{"111111", "222222", "755224"}));
}

TEST(PamModule, RefusesWhenTheApplicationCannotPrompt) {
  struct Case {
    const char* name;
    Behaviour behaviour;
    std::vector<std::string> answers;
    wire::CancelReason reason;
    int auth;
    int account;
  };
  using enum wire::CancelReason;
  const Case cases[] = {
      {"error",         Behaviour::Fails,        {},   NoConversation, PAM_CONV_ERR, PAM_CONV_ERR   },
      {"error and set", Behaviour::FailsAndSets, {},   NoConversation, PAM_CONV_ERR, PAM_CONV_ERR   },
      {"no array",      Behaviour::NullArray,    {},   NoConversation, PAM_CONV_ERR, PAM_CONV_ERR   },
      {"no text",       Behaviour::NullResponse, {},   NoConversation, PAM_CONV_ERR, PAM_CONV_ERR   },
      {"empty answer",  Behaviour::Answers,      {""}, EmptyAnswer,    PAM_AUTH_ERR, PAM_PERM_DENIED},
      {"long answer",
       Behaviour::Answers,
       {std::string(513, '1')},
       Unusable,                                                       PAM_AUTH_ERR,
       PAM_PERM_DENIED                                                                              },
  };
  for (const Case& c : cases) {
    std::vector<wire::CancelReason> reasons;
    {
      const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
        (void)connection.receive();
        connection.send(kPrompt);
        if (auto packet = connection.receive(); packet) {
          if (packet->header.type == MessageType::Cancel) {
            reasons.push_back(wire::decode<wire::Cancel>(*packet)->reason);
          }
        }
        connection.send(refusal(VerdictCode::Denied));
      });
      FakeConversation application(c.answers, c.behaviour);
      CHECK_EQUAL_TEXT(c.auth, authenticate(application), c.name);
      CHECK_EQUAL_TEXT(c.account, account(application), c.name);
    }
    CHECK_TEXT(reasons == (std::vector{c.reason, c.reason}), c.name);
  }
  // Without any conversation function at all.
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(kPrompt);
    (void)connection.receive();
    connection.send(refusal(VerdictCode::Denied));
  });
  const pam_conv none{nullptr, nullptr};
  CHECK_EQUAL(PAM_CONV_ERR, Transaction(confdir, &none).account());
}

TEST(PamModule, ShowsTheRefusalOfADaemonThatDidNotWaitForTheAnswer) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(kPrompt);
    connection.send(wire::Verdict{
        .code = VerdictCode::Denied,
        .words = {.id = MessageId::RefusedTimedOut, .args = {"sudo", "host"}}
    });
  });
  FakeConversation application({"755224"});
  application.before_answer = [&] { (void)usleep(20'000); };  // until the daemon has closed
  CHECK_EQUAL(PAM_PERM_DENIED, account(application));
  CHECK_TRUE(contains(application.texts(PAM_ERROR_MSG).at(0), "no answer within 60 seconds"));
}

TEST(PamModule, EndsTheWaitOnCtrlCAndLeavesTheSignalToTheApplication) {
  // As in sudo, whose account phase catches SIGINT, and whose auth phase blocks it.
  for (const bool blocked : {false, true}) {
    const CountInterrupts counting;
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    if (blocked) CHECK_EQUAL(0, pthread_sigmask(SIG_BLOCK, &interrupt, nullptr));
    BootTime pressed{};
    bool cancelled = false;
    {
      const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
        (void)connection.receive();
        connection.send(wire::Heartbeat{});
        (void)usleep(20'000);  // into the module's wait
        pressed = boot_now();
        (void)kill(getpid(), SIGINT);
        if (auto packet = connection.receive()) {
          const auto cancel = wire::decode<wire::Cancel>(*packet);
          cancelled = packet->header.type == MessageType::Cancel && cancel &&
                      cancel->reason == wire::CancelReason::Interrupted;
        }
        connection.await_end();
      });
      const Surroundings before = look_around();
      FakeConversation application;
      CHECK_EQUAL(PAM_PERM_DENIED, account(application));
      CHECK_TRUE(boot_now() - pressed <= 250ms);
      CHECK_TRUE(same_signals(before, look_around()));
      CHECK_EQUAL(0, application.heard().size());
      CHECK_EQUAL(blocked ? 0 : 1, static_cast<int>(interrupts));
      if (blocked) {
        // It is still pending, so the retry that sudo makes is refused as well, at once.
        const BootTime again = boot_now();
        CHECK_EQUAL(PAM_AUTH_ERR, authenticate(application));
        CHECK_TRUE(boot_now() - again <= 50ms);
        CHECK_EQUAL(0, pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr));
        CHECK_EQUAL(1, static_cast<int>(interrupts));
      }
    }
    CHECK_TRUE(cancelled);
  }
}

TEST(PamModule, PutsOffTheCancellationOfItsThread) {
  // Cancelled inside the module, the thread would take the whole program with it.
  std::atomic<bool> waiting = false;
  std::atomic<bool> cancelled = false;
  const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(wire::Heartbeat{});
    waiting = true;
    while (!cancelled) (void)usleep(1'000);
    connection.send(refusal(VerdictCode::Denied));
  });
  struct Shared {
    const std::string& confdir;
    int code;
  } shared{confdir, -1};
  const auto ask = [](void* argument) -> void* {
    auto* known = static_cast<Shared*>(argument);
    FakeConversation application;
    known->code = Transaction(known->confdir, application.conv()).account();
    pthread_testcancel();
    return nullptr;
  };
  pthread_t thread{};
  CHECK_EQUAL(0, pthread_create(&thread, nullptr, ask, &shared));
  while (!waiting) (void)usleep(1'000);
  CHECK_EQUAL(0, pthread_cancel(thread));
  cancelled = true;
  void* result = nullptr;
  CHECK_EQUAL(0, pthread_join(thread, &result));
  POINTERS_EQUAL(PTHREAD_CANCELED, result);
  // Anywhere from the module's return on; after pam_acct_mgmt() it is this.
  CHECK_TRUE(shared.code == PAM_PERM_DENIED || shared.code == -1);
}

TEST(PamModule, RefusesAnOptionThatItDoesNotKnow) {
  const FakeStepupd daemon(socket_path, answering(VerdictCode::Granted));
  for (const std::string options : {"debug", "timeout=0", "socket=run/stepupd.sock", "nouserok"}) {
    write_stack("socket=" + socket_path + " " + options);
    FakeConversation application;
    CHECK_EQUAL(PAM_SYSTEM_ERR, authenticate(application));
    CHECK_EQUAL(PAM_SYSTEM_ERR, account(application));
    CHECK_TRUE(contains(application.heard().at(0).text, options));
    CHECK_EQUAL(2, application.heard().size());
  }
  CHECK_EQUAL(0, daemon.connections());
}

TEST(PamModule, RefusesAnItemThatDoesNotFitAndNeverCutsIt) {
  bool sent = false;
  {
    const FakeStepupd daemon(
        socket_path, [&](FakeConnection& connection) { sent = connection.receive().has_value(); });
    FakeConversation application;
    const Transaction transaction(confdir, application.conv());
    CHECK_EQUAL(0, pam_set_item(transaction.handle(), PAM_RHOST, std::string(257, 'a').c_str()));
    CHECK_EQUAL(PAM_SYSTEM_ERR, transaction.account());
    CHECK_EQUAL(PAM_SYSTEM_ERR, transaction.authenticate());
  }
  CHECK_FALSE(sent);
}

TEST(PamModule, SetsNoCredentialsAndAsksNobody) {
  const FakeStepupd daemon(socket_path, answering(VerdictCode::Denied));
  FakeConversation application;
  const Transaction transaction(confdir, application.conv());
  for (const int flag :
       {PAM_ESTABLISH_CRED, PAM_DELETE_CRED, PAM_REINITIALIZE_CRED, PAM_REFRESH_CRED}) {
    CHECK_EQUAL(PAM_SUCCESS, pam_setcred(transaction.handle(), flag));
  }
  CHECK_EQUAL(0, daemon.connections());
}

TEST(PamModule, ReportsSessionsAndNeverDecidesThem) {
  struct Case {
    const char* name;
    FakeStepupd::Script script;
  };
  const Case cases[] = {
      {"taken note of", answering(VerdictCode::NotRequired)                       },
      {"denied",        answering(VerdictCode::Denied)                            },
      {"closed",        [](FakeConnection&) {}                                    },
      {"asked",
       [](FakeConnection& connection) {
         (void)connection.receive();
         connection.send(kPrompt);
         connection.await_end();
       }                                                                          },
      {"not answered",  [](FakeConnection& connection) { connection.await_end(); }},
  };
  for (const Case& c : cases) {
    const FakeStepupd daemon(socket_path, c.script);
    FakeConversation application({"755224"});
    const Transaction transaction(confdir, application.conv());
    const BootTime before = boot_now();
    CHECK_EQUAL_TEXT(PAM_SUCCESS, pam_open_session(transaction.handle(), 0), c.name);
    CHECK_TEXT(boot_now() - before < 600ms, c.name);
    CHECK_EQUAL_TEXT(0, application.heard().size(), c.name);
    CHECK_EQUAL_TEXT(1, daemon.connections(), c.name);
  }
  std::vector<wire::Phase> phases;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      if (auto packet = connection.receive()) {
        if (auto request = wire::decode<wire::CheckRequest>(*packet)) {
          phases.push_back(request->phase);
        }
      }
      connection.send(verdict_of(VerdictCode::NotRequired));
    });
    FakeConversation application;
    const Transaction transaction(confdir, application.conv());
    CHECK_EQUAL(PAM_SUCCESS, pam_open_session(transaction.handle(), 0));
    CHECK_EQUAL(PAM_SUCCESS, pam_close_session(transaction.handle(), 0));
  }
  CHECK_TRUE(phases == (std::vector{wire::Phase::OpenSession, wire::Phase::CloseSession}));
  FakeConversation application;
  const Transaction transaction(confdir, application.conv());
  CHECK_EQUAL(PAM_SUCCESS, pam_open_session(transaction.handle(), 0));  // nobody listens
  write_stack("nonsense");
  CHECK_EQUAL(PAM_SUCCESS, pam_close_session(transaction.handle(), 0));
}

TEST(PamModule, ReportsNoSessionOfSudo) {
  // This program by another name: the module goes by /proc/self/exe.
  const std::string sudo = scratch.file("sudo");
  std::filesystem::copy_file(own_file(), sudo);
  std::vector<wire::CheckRequest> requests;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      if (auto packet = connection.receive()) {
        if (auto request = wire::decode<wire::CheckRequest>(*packet)) {
          requests.push_back(std::move(*request));
        }
      }
      connection.send(verdict_of(VerdictCode::Granted));
    });
    CHECK_EQUAL(0, system((sudo + " " + confdir).c_str()));
  }
  // The account phase asked, and the session was not reported.
  CHECK_EQUAL(1, requests.size());
  CHECK_TRUE(requests[0].program == wire::Program::Sudo);
  CHECK_TRUE(requests[0].phase == wire::Phase::Account);
  CHECK_FALSE(requests[0].groups.has_value());
  CHECK_TRUE(requests[0].argv == (std::vector{sudo, confdir}));
}

TEST(PamModule, LeavesNothingBehindAfterAThousandTransactions) {
  const Surroundings before = look_around();
  std::size_t used_before = 0;
  {
    const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
      (void)connection.receive();
      connection.send(kPrompt);
      (void)connection.receive();
      connection.send(kWrong);
      connection.send(kPrompt);
      (void)connection.receive();
      connection.send(refusal(VerdictCode::Denied));
    });
    for (int i = 0; i < 1'100; ++i) {
      if (i == 100) used_before = mallinfo2().uordblks;  // libc's own caches are filled by now
      FakeConversation application({"111111", "222222"});
      const Transaction transaction(confdir, application.conv());
      const int code = i % 2 == 0 ? transaction.authenticate() : transaction.account();
      CHECK_EQUAL(i % 2 == 0 ? PAM_AUTH_ERR : PAM_PERM_DENIED, code);
    }
    const std::size_t used = mallinfo2().uordblks;
    // A leak of 16 bytes in each would show.
    CHECK_TRUE(used < used_before + 16'000);
  }
  const Surroundings after = look_around();
  CHECK_TRUE(same_signals(before, after));
  CHECK_EQUAL(before.file_mask, after.file_mask);
  CHECK_TRUE(before.directory == after.directory);
  CHECK_TRUE(before.environment == after.environment);
  CHECK_TRUE(before.descriptors == after.descriptors);
  CHECK_TRUE(before.ids == after.ids);
}

#ifndef __SANITIZE_ADDRESS__
TEST(PamModule, LetsNoExceptionOutAndRefuses) {
  // Without memory for more than small things the module throws std::bad_alloc inside.
  const pid_t child = fork();
  if (child == 0) {
    FakeConversation application;
    const Transaction transaction(confdir, application.conv());
    if (transaction.account() != PAM_AUTHINFO_UNAVAIL) _exit(100);  // nobody listens
    const rlimit nothing_more{1, 1};
    if (setrlimit(RLIMIT_AS, &nothing_more) != 0) _exit(101);
    while (void* volatile block = malloc(16 * 1024)) (void)block;
    _exit(transaction.account());
  }
  int status = 0;
  CHECK_EQUAL(child, waitpid(child, &status, 0));
  CHECK_TRUE(WIFEXITED(status));
  CHECK_EQUAL(PAM_SYSTEM_ERR, WEXITSTATUS(status));
}

TEST(PamModule, ExportsItsEntryPointsAndNeedsNothingButLibpamAndLibc) {
  std::set<std::string> exported;
  for (const std::string& line : lines_of("nm -D --defined-only " + module_file())) {
    std::istringstream words(line);
    std::string address, type, name;
    words >> address >> type >> name;
    exported.insert(name);
  }
  CHECK_TRUE(exported == (std::set<std::string>{"pam_sm_acct_mgmt", "pam_sm_authenticate",
                                                "pam_sm_close_session", "pam_sm_open_session",
                                                "pam_sm_setcred"}));
  int needed = 0;
  for (const std::string& line : lines_of("readelf -d " + module_file())) {
    if (!contains(line, "(NEEDED)")) continue;
    ++needed;
    CHECK_TEXT(contains(line, "[libpam.so.0]") || contains(line, "[libc.so.6]") ||
                   contains(line, "[ld-linux"),
               line.c_str());
  }
  CHECK_TRUE(needed >= 2);
  // Nothing that would start a process or a thread, read the environment, or change how the host
  // takes signals.
  const std::set<std::string> kForbidden = {
      "getenv",      "secure_getenv", "setenv",  "putenv",   "fork",  "vfork",
      "execve",      "system",        "popen",   "signal",   "alarm", "pthread_create",
      "umask",       "chdir",         "openlog", "closelog", "exit",  "setlocale",
      "posix_spawn", "atexit",        "printf",  "puts",     "clone"};
  const auto undefined = lines_of("nm -D --undefined-only " + module_file());
  CHECK_TRUE(undefined.size() > 10);
  for (const std::string& line : undefined) {
    std::istringstream words(line);
    std::string type, name;
    words >> type >> name;
    CHECK_TEXT(!kForbidden.contains(name.substr(0, name.find('@'))), name.c_str());
  }
}

TEST(PamModule, LeavesNoCopyOfTheAnswerInMemory) {
  std::size_t received = 0;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      (void)connection.receive();
      connection.send(kPrompt);
      if (auto packet = connection.receive()) received = packet->body().size();
      connection.send(verdict_of(VerdictCode::Granted));
    });
    const pam_conv conv{&type_answer, nullptr};
    CHECK_EQUAL(PAM_SUCCESS, Transaction(confdir, &conv).account());
  }
  CHECK_EQUAL(4 + kMasked.size(), received);
  CHECK_EQUAL(0, copies_of_answer());
  // The search finds a copy that is there.
  pam_response* response = nullptr;
  CHECK_EQUAL(PAM_SUCCESS, type_answer(1, nullptr, &response, nullptr));
  CHECK_TRUE(copies_of_answer() >= 2);
  free(response->resp);
  free(response);
}
#endif  // __SANITIZE_ADDRESS__

TEST(PamModule, DoesNotLookAtTheEnvironment) {
  const auto ask = [&](int* code) {
    wire::CheckRequest request;
    {
      const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
        if (auto packet = connection.receive()) {
          if (auto decoded = wire::decode<wire::CheckRequest>(*packet)) request = *decoded;
        }
        connection.send(refusal(VerdictCode::Denied));
      });
      FakeConversation application;
      *code = account(application);
      CHECK_TRUE(contains(application.heard().at(0).text, "was refused"));
    }
    return request;
  };
  int code = 0;
  const wire::CheckRequest plain = ask(&code);
  CHECK_EQUAL(PAM_PERM_DENIED, code);

  const FakeStepupd granting(scratch.file("granting.sock"), answering(VerdictCode::Granted));
  std::vector<std::string> names = {"STEPUP_SOCKET",
                                    "STEPUPD_SOCKET",
                                    "SOCKET",
                                    "HOME",
                                    "USER",
                                    "LOGNAME",
                                    "SUDO_USER",
                                    "SUDO_UID",
                                    "SSH_AUTH_SOCK",
                                    "SSH_CONNECTION",
                                    "XDG_SESSION_ID",
                                    "XDG_SEAT",
                                    "DISPLAY",
                                    "TERM",
                                    "TMPDIR",
                                    "LANG",
                                    "LC_ALL",
                                    "LANGUAGE",
                                    "NLSPATH",
                                    "LOCPATH",
                                    "GCONV_PATH",
                                    "HOSTALIASES",
                                    "RES_OPTIONS",
                                    "LD_PRELOAD",
                                    "LD_LIBRARY_PATH",
                                    "GLIBCXX_TUNABLES",
                                    "GLIBC_TUNABLES",
                                    "MALLOC_CHECK_",
                                    "NOTIFY_SOCKET",
                                    "LISTEN_FDS",
                                    "LISTEN_PID"};
  while (names.size() < 200) names.push_back("STEPUP_" + std::to_string(names.size()));
  for (const std::string& name : names) (void)setenv(name.c_str(), granting.path().c_str(), 1);
  const wire::CheckRequest hostile = ask(&code);
  for (const std::string& name : names) (void)unsetenv(name.c_str());
  CHECK_EQUAL(PAM_PERM_DENIED, code);
  CHECK_TRUE(hostile == plain);
  CHECK_EQUAL(0, granting.connections());
}

namespace {

// What sudo does once the password is out of the way.
int play_sudo(const char* confdir) {
  FakeConversation application;
  const Transaction transaction(confdir, application.conv());
  if (transaction.account() != PAM_SUCCESS) return 1;
  if (pam_open_session(transaction.handle(), 0) != PAM_SUCCESS) return 2;
  return pam_close_session(transaction.handle(), 0) == PAM_SUCCESS ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  if (own_file().ends_with("/sudo") && argc == 2) return play_sudo(argv[1]);
  if (geteuid() != 0) {
    (void)fputs("pam_module_test: SKIPPED, nothing was tested: it needs root\n", stderr);
    return kExitSkipped;
  }
  // The fake daemon's thread allocates too.
  MemoryLeakWarningPlugin::turnOnThreadSafeNewDeleteOverloads();
  return CommandLineTestRunner::RunAllTests(argc, argv);
}
