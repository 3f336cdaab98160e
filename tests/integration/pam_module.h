// SPDX-License-Identifier: ISC
// What every test of pam_stepup.so under a real libpam needs: a PAM directory and a socket of its
// own, and the words of a daemon.  The module under test lies beside the test program.  Include it
// before CppUTest.
#pragma once

#include <limits.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "stepupd/wire/packet.h"
#include "stepupd/wire/words.h"
#include "tests/fakes/fake_stepupd.h"
#include "tests/fakes/fake_stepupd_conversation.h"

#include <CppUTest/TestHarness.h>

namespace stepup::fakes {

constexpr const char* kService = "stepup-test";

inline std::string own_file() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

inline std::string module_file() {
  return own_file().substr(0, own_file().rfind('/')) + "/pam_stepup.so";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// One pam_start to pam_end.
class Transaction {
 public:
  Transaction(const std::string& confdir, const pam_conv* conv, const char* service = kService) {
    if (pam_start_confdir(service, "root", conv, confdir.c_str(), &handle_) != PAM_SUCCESS) {
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

inline wire::Verdict refusal(wire::VerdictCode code) {
  return {
      .code = code, .words = {.id = wire::MessageId::Refused, .args = {"sudo", "host"}}
  };
}
inline wire::Verdict verdict_of(wire::VerdictCode code) {
  const bool positive =
      code == wire::VerdictCode::Granted || code == wire::VerdictCode::NotRequired;
  return positive ? wire::Verdict{.code = code, .words = {}} : refusal(code);
}
inline const wire::Prompt kPrompt{
    .words = {.id = wire::MessageId::PromptOtp, .args = {"alice", "host", "sudo: id"}},
    .echo = true
};
inline const wire::Notice kWrong{
    .words = {.id = wire::MessageId::WrongCode, .args = {}}
};

// Plays sudo that watches whether the module leaves ids and signals as they were: 0 if it does.
int play_watched_sudo(const char* confdir);

// A daemon that answers every request with one verdict.
inline FakeStepupd::Script answering(wire::VerdictCode code) {
  return [code](FakeConnection& daemon) {
    if (daemon.receive()) daemon.send(verdict_of(code));
  };
}

struct PamModuleFixture : public Utest {
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

  void write_stack(const std::string& options, const std::string& first = "required pam_permit.so",
                   const char* service = kService) const {
    std::ofstream file(confdir + "/" + service);
    for (const std::string phase : {"auth", "account", "session"}) {
      if (!first.empty()) file << phase << " " << first << "\n";
      file << phase << " required " << module_file() << " " << options << "\n";
    }
  }

  [[nodiscard]] int account(FakeConversation& application, int flags = 0) const {
    return Transaction(confdir, application.conv()).account(flags);
  }
  [[nodiscard]] int authenticate(FakeConversation& application, int flags = 0) const {
    return Transaction(confdir, application.conv()).authenticate(flags);
  }
};

}  // namespace stepup::fakes
