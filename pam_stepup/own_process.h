// SPDX-License-Identifier: ISC
// What stepupd is told about the process that we are loaded into, whatever loaded us.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stepupd/base/result.h"
#include "stepupd/wire/messages.h"

namespace stepup::pam_stepup {

struct Account {
  std::string name;
  uid_t uid;
  gid_t gid;
  std::string home;
};

// Nothing when there is no such account, or the user database does not answer.
[[nodiscard]] std::optional<Account> account_named(const std::string& name);
[[nodiscard]] std::optional<Account> account_of(uid_t uid);

// All groups of `account`; unknown when there are more than the protocol carries.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> groups_of(const Account& account);

// The program's command line as /proc shows it.
struct CommandLine {
  std::vector<std::string> argv;
  bool truncated = false;  // there was more, or it cannot be told
};

// Input is untrusted: the person who runs sudo chooses every word.  Splits the bytes of
// /proc/PID/cmdline.  A last word without its NUL is not whole; it is dropped and `truncated` set.
// So is what exceeds wire::kMaxArgvBytes or wire::kMaxArgvWords.
[[nodiscard]] CommandLine split_command_line(std::string_view bytes);

// The program whose file is `exe`, the target of /proc/self/exe.
[[nodiscard]] wire::Program program_of(std::string_view exe);

// Whether it is the program of sshd that calls PAM.
[[nodiscard]] bool is_sshd(std::string_view exe);

// The target of /proc/self/exe.
[[nodiscard]] Result<std::string> read_exe();

// The program that we are loaded into.  Fails when /proc/self/exe cannot be read: whose factor is
// asked for depends on it, so it must not be guessed.
[[nodiscard]] Result<wire::Program> read_program();

// The fields of a request that come from /proc/self, the real uid and the clock.  Fails as
// read_program() does.
[[nodiscard]] Result<wire::CheckRequest> describe_own_process();

}  // namespace stepup::pam_stepup
