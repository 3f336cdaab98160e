// SPDX-License-Identifier: ISC
#include "stepupd/ctl/gate.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stepupd/base/printable.h"
#include "stepupd/ctl/output.h"
#include "stepupd/ctl/signals.h"

namespace stepup::ctl {
namespace {

constexpr char kVariable[] = "SSH_ORIGINAL_COMMAND";

// As sshd has it: what the password database says, and not the environment.
std::string shell_of_caller() {
  const passwd* const entry = getpwuid(getuid());  // NOLINT(concurrency-mt-unsafe): one thread
  if (entry == nullptr) return "";
  return *entry->pw_shell == '\0' ? "/bin/sh" : entry->pw_shell;
}

}  // namespace

std::string gated_command() {
  const char* const command = getenv(kVariable);  // NOLINT(concurrency-mt-unsafe): one thread
  return command == nullptr ? "" : command;
}

ExitCode may_pass(const std::string& command) {
  if (command != "internal-sftp" && !command.starts_with("internal-sftp ")) return ExitCode::Done;
  complain(
      "internal-sftp is a part of sshd and cannot be run behind stepupctl gate. In sshd_config(5) "
      "write: Subsystem sftp /usr/lib/openssh/sftp-server");
  return ExitCode::Refused;
}

wire::GateRequest gate_request(const std::string& command) {
  return {command.substr(0, wire::kMaxArgvBytes), command.size() > wire::kMaxArgvBytes};
}

ExitCode become(const std::string& command) {
  const std::string shell = shell_of_caller();
  if (shell.empty()) {
    complain("there is no account of uid " + std::to_string(getuid()));
    return ExitCode::Refused;
  }
  const std::string name = shell.substr(shell.rfind('/') + 1);
  const std::string login_name = "-" + name;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  (void)unsetenv(kVariable);  // a command that sshd runs by itself does not see it
  unblock_ending_signals();
  if (command.empty()) {
    (void)execl(shell.c_str(), login_name.c_str(), nullptr);
  } else {
    (void)execl(shell.c_str(), name.c_str(), "-c", command.c_str(), nullptr);
  }
  complain("cannot run " + printable(shell) + ": " + strerrordesc_np(errno));
  return ExitCode::Refused;
}

}  // namespace stepup::ctl
